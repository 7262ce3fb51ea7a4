import { assert } from "chai";
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Board } from "../../../src/builder/board.js";
import type { BuildEvent } from "../../../src/builder/event.js";
import { DirectoryPlace } from "../../../src/cache/remote/directory-place.js";
import { exportMounts } from "../../../src/cache/remote/export-mounts.js";
import { RemoteSteps } from "../../../src/cache/remote/remote-steps.js";
import type { CachePlace } from "../../../src/cache/remote/place.js";
import { emptyDocument } from "../../../src/cache/remote/record.js";
import type { WantedMounts } from "../../../src/cache/remote/wanted-mounts.js";
import type { ExitStatus, SandboxProcess } from "../../../src/exec/executor.js";
import type { LayerCompression } from "../../../src/store/layer-bytes.js";
import { fileTypes } from "../../../src/sys/file-stat.js";
import { mknod } from "../../../src/sys/inodes.js";
import { getXattr, setXattr } from "../../../src/sys/xattrs.js";
import type { Descriptor } from "../../../src/oci/descriptor.js";
import { toBytePath } from "../../../src/oci/changeset.js";
import { FakeExecutor } from "../../builder/support/fake-executor.js";
import { TestBuilds, type Built } from "../../builder/support/test-builds.js";
import { failure, TemporaryDirectory } from "../../store/fixture.js";
import { noise } from "./noise.js";

const { signal } = new AbortController();

/** What a step does with the host directory of its first mount. */
type Work = (path: string) => void;

class MountExecutor extends FakeExecutor {
  readonly #work: Work;

  constructor(work: Work) {
    super();
    this.#work = work;
  }

  override async run(process: SandboxProcess, stop: AbortSignal): Promise<ExitStatus> {
    const [mount] = process.mounts;
    if (mount?.kind !== "bind") throw new Error("the step has no mount");
    this.#work(mount.source);
    return await super.run(process, stop);
  }
}

/** Several machines, and a directory that all of them reach. */
class Machines implements AsyncDisposable {
  readonly #directory: TemporaryDirectory;
  readonly #machines: Machine[] = [];

  private constructor(directory: TemporaryDirectory) {
    this.#directory = directory;
  }

  static async open(): Promise<Machines> {
    return new Machines(await TemporaryDirectory.make());
  }

  async machine(): Promise<Machine> {
    const machine = new Machine(await TestBuilds.open(), this.#directory.path);
    this.#machines.push(machine);
    return machine;
  }

  /** The files of the chunks; the largest one first. */
  blobs(): readonly string[] {
    const path = join(this.#directory.path, "blobs/sha256");
    const files = readdirSync(path).map((name) => join(path, name));
    return files.sort((a, b) => statSync(b).size - statSync(a).size);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { builds } of this.#machines) await builds[Symbol.asyncDispose]();
    await this.#directory[Symbol.asyncDispose]();
  }
}

/** Tells what went each way. */
class CountingPlace extends DirectoryPlace {
  readonly sent: number[] = [];
  opened = 0;
  records = 0;

  override open(...args: Parameters<DirectoryPlace["open"]>): AsyncGenerator<Uint8Array> {
    this.opened++;
    return super.open(...args);
  }

  override async write(...args: Parameters<CachePlace["write"]>): Promise<"present" | "uploaded"> {
    const done = await super.write(...args);
    if (done === "uploaded") this.sent.push(args[0].size);
    return done;
  }

  override async setMount(...args: Parameters<DirectoryPlace["setMount"]>): Promise<void> {
    this.records++;
    await super.setMount(...args);
  }
}

/** How a build is made, unless it is as always. */
interface Given {
  readonly flags?: string;
  readonly fresh?: "--no-cache";
}

class Machine {
  readonly builds: TestBuilds;
  readonly warnings: string[] = [];
  readonly #path: string;
  #remoteCache: RemoteSteps | undefined;
  #steps = 0;

  constructor(builds: TestBuilds, path: string) {
    this.builds = builds;
    this.#path = path;
  }

  get #board(): Board {
    return new Board((event: BuildEvent) => {
      if (event.type !== "warning" || event.message.endsWith("nothing was exported there yet"))
        return;
      this.warnings.push(event.message);
    });
  }

  place(): CountingPlace {
    return new CountingPlace({ path: this.#path, tag: "latest" });
  }

  waitHours(hours: number): void {
    for (let hour = 0; hour < hours; hour++) this.builds.waitAnHour();
  }

  /** Runs a step with a cache mount, an hour after the last one. */
  async run(work: Work, { flags = "target=/c", fresh }: Given = {}): Promise<Built> {
    this.builds.waitAnHour();
    const remoteCache = new RemoteSteps([this.place()], {
      store: this.builds.store,
      board: this.#board,
    });
    this.#remoteCache = remoteCache;
    const dockerfile = `FROM scratch\nRUN --mount=type=cache,${flags} step ${++this.#steps}`;
    const executor = new MountExecutor(work);
    return await this.builds.build(dockerfile, { remoteCache, executor, fresh: () => fresh });
  }

  /** What a step sees in the mount. */
  async names(given?: Given): Promise<readonly string[]> {
    let names: readonly string[] = [];
    await this.run((path) => {
      names = readdirSync(path).sort();
    }, given);
    return names;
  }

  async export(
    { steps }: Built,
    wanted: WantedMounts = "all",
    compression: LayerCompression = { type: "gzip" },
  ): Promise<CountingPlace> {
    await using place = this.place();
    await place.setLatest(emptyDocument, signal);
    place.sent.length = 0;
    const { store } = this.builds;
    const isLost = (blob: Descriptor): boolean => this.#remoteCache?.isLost(blob) === true;
    const exported = { wanted, steps, store, compression, isLost, board: this.#board, vertex: 1 };
    await exportMounts(place, exported, signal);
    return place;
  }
}

function put(name: string, content: string | Uint8Array = name): Work {
  return (path) => {
    writeFileSync(join(path, name), content);
  };
}

const [large, middle] = [noise(9_000_000), noise(1_000_000)];

describe("cache mounts that travel", () => {
  for (const type of ["gzip", "zstd", "uncompressed"] as const) {
    it(`R05 keep contents, modes, owners, times, links and attributes, ${type}`, async () => {
      await using machines = await Machines.open();
      const [first, second] = [await machines.machine(), await machines.machine()];
      const built = await first.run((path) => {
        const d = join(path, "d");
        const f = join(d, "f\u00e9");
        mkdirSync(d);
        writeFileSync(f, "some text");
        writeFileSync(join(path, ".wh.d"), "no whiteout");
        setXattr(toBytePath(f), "user.note", Buffer.from([0, 255]));
        chownSync(f, 5, 6);
        chmodSync(f, 0o6750);
        linkSync(f, join(path, "z"));
        symlinkSync("../else where", join(path, "link"));
        writeFileSync(join(path, "large"), middle);
        chownSync(d, 3, 4);
        chmodSync(d, 0o1700);
        for (const one of [f, d, join(path, "link")]) lutimesSync(one, 1000, 1000);
        chownSync(path, 1, 2);
        chmodSync(path, 0o2770);
      });
      const look = (path: string): readonly unknown[] =>
        ["", ".wh.d", "d", "d/f\u00e9", "link", "z", "large"].map((name) => {
          const { mode, uid, gid, mtimeMs, nlink, size } = lstatSync(join(path, name));
          const time = ["", ".wh.d", "large"].includes(name) ? undefined : mtimeMs;
          return { name, mode, uid, gid, nlink, size: name === "" ? 0 : size, time };
        });
      const [record] = first.builds.store.cacheMounts.list();
      const before = look(join(first.builds.store.paths.mounts, record?.name ?? ""));
      await first.export(built, "all", { type });
      await second.run((path) => {
        assert.deepStrictEqual(look(path), before);
        assert.strictEqual(getXattr(join(path, "z"), "user.note")?.toString("hex"), "00ff");
        assert.isTrue(readFileSync(join(path, "large")).equals(middle));
        assert.strictEqual(readFileSync(join(path, "z"), "latin1"), "some text");
      });
      assert.deepStrictEqual(second.warnings, []);
    });
  }

  it("send only the chunks that changed, and nothing when no step used them", async () => {
    await using machines = await Machines.open();
    const first = await machines.machine();
    const built = await first.run(put("m", large));
    assert.isAbove((await first.export(built)).sent.length, 4);
    const again = await first.export(built);
    assert.deepStrictEqual([again.sent, again.records], [[], 0], "nothing used it since");
    const used = await first.export(await first.run(() => undefined));
    assert.deepStrictEqual([used.sent, used.records], [[], 1], "used, and the same");
    const more = await first.export(await first.run(put("a", "small")));
    assert.lengthOf(more.sent, 1, "the chunk at the beginning");
    const second = await machines.machine();
    second.waitHours(9);
    const passedOn = await second.export(await second.run(put("z", "small")));
    assert.lengthOf(passedOn.sent, 1, "the chunk at the end");
    const third = await machines.machine();
    assert.deepStrictEqual(await third.names(), ["a", "m", "z"]);
  });

  it("are looked for as a whole once a day, and sent again where they are gone", async () => {
    await using machines = await Machines.open();
    const first = await machines.machine();
    await first.export(await first.run(put("m", middle)));
    for (const blob of machines.blobs()) rmSync(blob);
    first.waitHours(24);
    assert.lengthOf((await first.export(await first.run(() => undefined))).sent, 1);
    assert.deepStrictEqual(await (await machines.machine()).names(), ["m"]);
  });

  it("are fetched only for a step that runs, and where nothing lies here", async () => {
    await using machines = await Machines.open();
    const [first, second] = [await machines.machine(), await machines.machine()];
    await second.run(put("own"));
    await first.export(await first.run(put("far")));
    assert.deepStrictEqual(await second.names(), ["own"], "what is here is never touched");
    await second.run((path) => {
      rmSync(join(path, "own"));
    });
    assert.deepStrictEqual(await second.names(), ["far"], "what is empty is as good as none");
    const third = await machines.machine();
    assert.deepStrictEqual(await third.names({ flags: "target=/other" }), []);
    assert.deepStrictEqual(await third.names({ fresh: "--no-cache" }), [], "R05 --no-cache");
  });

  it("R06 leave alone what another build uses", async () => {
    await using machines = await Machines.open();
    const first = await machines.machine();
    const built = await first.run(put("f"));
    const [record] = first.builds.store.cacheMounts.list();
    if (record === undefined) assert.fail("no cache mount");
    const { identity, id } = record;
    const initial = () => Promise.reject(new Error("it is there"));
    {
      const request = { identity, id, sharing: "shared", initial } as const;
      await using _used = await first.builds.store.cacheMounts.acquire(request, signal);
      assert.strictEqual((await first.export(built)).records, 0);
    }
    assert.deepStrictEqual(first.warnings, [
      "Cannot export the cache mount /c: another build is using it",
    ]);
    assert.strictEqual((await first.export(built)).records, 1);
  });

  it("are those of the ids that were asked for", async () => {
    await using machines = await Machines.open();
    const first = await machines.machine();
    const built = await first.run(put("f"), { flags: "target=/c,id=npm" });
    assert.strictEqual((await first.export(built, ["/c", "npn"])).records, 0);
    assert.deepStrictEqual(first.warnings, [
      'Cannot export the cache mount "/c": no step has one of that id',
      'Cannot export the cache mount "npn": no step has one of that id; did you mean "npm"?',
    ]);
    assert.strictEqual((await first.export(built, ["npm"])).records, 1);
  });

  it("travel beside one that holds what cannot", async () => {
    await using machines = await Machines.open();
    const [first, second] = [await machines.machine(), await machines.machine()];
    const flags = "target=/bad --mount=type=cache,target=/c";
    const whiteout: Work = (path) => {
      mknod(toBytePath(join(path, "w")), fileTypes.char, 0, 0);
    };
    const built = await first.run(whiteout, { flags });
    const { message } = await failure(first.export(built));
    const why = '"w" in it is a whiteout of overlayfs';
    assert.strictEqual(message, `Cannot export the cache mount /bad: ${why}`);
    await first.run(put("f"));
    await failure(first.export(built));
    assert.deepStrictEqual(await second.names(), ["f"]);
  });

  it("R06 are of several private ones that which was used last", async () => {
    await using machines = await Machines.open();
    const first = await machines.machine();
    const flags = "target=/c,sharing=private";
    await first.run(put("early"), { flags });
    const [record] = first.builds.store.cacheMounts.list();
    if (record === undefined) assert.fail("no cache mount");
    let built: Built;
    {
      await using _used = await first.builds.store.cacheMounts.read(record);
      built = await first.run(put("beside"), { flags });
    }
    await first.export(built);
    assert.deepStrictEqual(await (await machines.machine()).names({ flags }), ["beside"]);
  });

  it("K24 are not replaced by what was used earlier", async () => {
    await using machines = await Machines.open();
    const [first, second] = [await machines.machine(), await machines.machine()];
    const early = await first.run(put("early"));
    await second.run(put("late"));
    await second.export(await second.run(put("later")));
    assert.strictEqual((await first.export(early)).records, 0);
    assert.deepStrictEqual(await (await machines.machine()).names(), ["late", "later"]);
  });

  const damages: readonly (readonly [name: string, damage: (blob: string) => void])[] = [
    ["cut off", truncateSync],
    ["missing", rmSync],
    [
      "another one",
      (blob) => {
        writeFileSync(blob, Buffer.alloc(statSync(blob).size));
      },
    ],
  ];
  for (const [name, damage] of damages) {
    it(`K32 with a chunk that is ${name} are a warning and empty, and whole again after the next export`, async () => {
      await using machines = await Machines.open();
      const [first, second] = [await machines.machine(), await machines.machine()];
      await first.export(await first.run(put("m", middle)));
      damage(machines.blobs()[0] ?? "");
      const built = await second.run((path) => {
        assert.deepStrictEqual(readdirSync(path), []);
        put("m", middle)(path);
      });
      const [warning = "", ...others] = second.warnings;
      assert.deepStrictEqual(others, []);
      assert.match(warning, /^Cannot restore the cache mount \/c from directory .*: /);
      if (name === "another one") return; // by its size alone, a directory takes it for the right one
      await second.export(built);
      assert.deepStrictEqual(await (await machines.machine()).names(), ["m"]);
    });
  }
});
