import { assert } from "chai";
import { readdir, rm, truncate, writeFile, readFile, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Board } from "../../../src/builder/board.js";

import type { BuildEvent } from "../../../src/builder/event.js";
import { StepRecords } from "../../../src/cache/records.js";
import { StoredFacts } from "../../../src/cache/rootfs-facts.js";
import type { Descriptor } from "../../../src/oci/descriptor.js";
import { digestOf } from "../../../src/oci/digest.js";
import { oneFile } from "../../store/fixture.js";
import { asGzip } from "../../../src/store/layer-bytes.js";
import { stepsOf } from "../../../src/cache/remote/describe-step.js";
import { DirectoryPlace } from "../../../src/cache/remote/directory-place.js";
import { exportCache } from "../../../src/cache/remote/export-cache.js";
import { RemoteSteps } from "../../../src/cache/remote/remote-steps.js";
import type { CachePlace } from "../../../src/cache/remote/place.js";
import {
  TestBuilds,
  type Built,
  type Given,
  type Running,
} from "../../builder/support/test-builds.js";
import { fewSteps as text } from "./few-steps.js";

const { signal } = new AbortController();

/** Several machines, and a directory that all of them reach. */
class Machines implements AsyncDisposable {
  readonly directory: string;
  readonly #machines: TestBuilds[] = [];

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async open(): Promise<Machines> {
    return new Machines(await mkdtemp(join(tmpdir(), "tsbuild-machines-")));
  }

  async machine(): Promise<Machine> {
    const builds = await TestBuilds.open({ a: "1" });
    this.#machines.push(builds);
    return new Machine(builds, this.directory);
  }

  async blobs(): Promise<readonly string[]> {
    const path = join(this.directory, "blobs/sha256");
    return (await readdir(path)).map((name) => join(path, name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const builds of this.#machines) await builds[Symbol.asyncDispose]();
    await rm(this.directory, { recursive: true });
  }
}

class Machine {
  readonly builds: TestBuilds;
  readonly #directory: string;
  #remoteCache: RemoteSteps | undefined;

  constructor(builds: TestBuilds, directory: string) {
    this.builds = builds;
    this.#directory = directory;
  }

  place(): CountingPlace {
    return new CountingPlace({ path: this.#directory, tag: "latest" });
  }

  async export(built: Built, mode: "max" | "min" = "max"): Promise<CountingPlace> {
    const { store } = this.builds;
    const place = this.place();
    const { layerBytes } = store;
    const told = { cache: new StepRecords(store), facts: new StoredFacts(store) };
    const exported = {
      steps: mode === "max" ? built.steps : stepsOf(built, [built]),
      states: built.states,
      ...told,
      layerBytes,
      isLost: (blob: Descriptor) => this.#remoteCache?.isLost(blob) === true,
      now: store.now,
    };
    const options = { signal, progress: () => undefined };
    await exportCache(place, { ...exported, compression: asGzip }, options);
    await place[Symbol.asyncDispose]();
    return place;
  }

  /** Builds with what the others exported. */
  async build(
    dockerfile = text,
    given: Given = {},
  ): Promise<
    Running & Built & { readonly place: CountingPlace; readonly told: readonly BuildEvent[] }
  > {
    const place = this.place();
    const told: BuildEvent[] = [];
    const board = new Board((event) => told.push(event));
    const remoteCache = new RemoteSteps([place], { store: this.builds.store, board });
    this.#remoteCache = remoteCache;
    return { ...(await this.builds.build(dockerfile, { remoteCache, ...given })), place, told };
  }
}

/** Counts the blobs that were sent each way. */
class CountingPlace extends DirectoryPlace {
  readonly opened: string[] = [];
  readonly uploaded: string[] = [];
  asked = 0;
  documents = 0;

  override open(blob: Descriptor): AsyncGenerator<Uint8Array> {
    this.opened.push(blob.digest);
    return super.open(blob);
  }

  override async write(...args: Parameters<CachePlace["write"]>): Promise<"present" | "uploaded"> {
    this.asked++;
    const done = await super.write(...args);
    if (done === "uploaded") this.uploaded.push(args[0].digest);
    return done;
  }

  override async setLatest(...args: Parameters<CachePlace["setLatest"]>): Promise<void> {
    this.documents++;
    await super.setLatest(...args);
  }
}

/** What was told as a warning. */
function warnings(events: readonly BuildEvent[]): readonly string[] {
  return events.flatMap((event) => (event.type === "warning" ? [event.message] : []));
}

describe("two machines", () => {
  it("K24 mode=max: the second one runs nothing, and fetches nothing for cacheonly", async () => {
    await using machines = await Machines.open();
    const [first, second] = [await machines.machine(), await machines.machine()];
    const made = await first.builds.build(text);
    await first.export(made);
    const { executor, config, place, log } = await second.build();
    assert.deepStrictEqual(executor.commands, []);
    assert.deepStrictEqual([...new Set(Object.values(log.outcomes))], ["cached"]);
    assert.lengthOf(place.opened, 2, "the document and its manifest");
    assert.deepStrictEqual(config, made.config);
  });

  it("fetches for an output the layers of the image, and no others", async () => {
    await using machines = await Machines.open();
    const [first, second] = [await machines.machine(), await machines.machine()];
    await first.export(await first.builds.build(text));
    const { place, executor } = await second.build(text, { whole: true });
    assert.lengthOf(place.opened, 2 + 3);
    assert.deepStrictEqual(executor.commands, []);
  });

  it("K24 mode=min: has only the steps of the image", async () => {
    await using machines = await Machines.open();
    const [first, second] = [await machines.machine(), await machines.machine()];
    await first.export(await first.builds.build(text), "min");
    const { executor, log } = await second.build();
    assert.deepStrictEqual(executor.commands, ["put program 1"]);
    assert.strictEqual(log.outcomes["[stage-1 3/3] RUN check"], "cached");
  });

  it("sends nothing that is there, also when every step was cached", async () => {
    await using machines = await Machines.open();
    const first = await machines.machine();
    const exported = await first.export(await first.builds.build(text));
    assert.isAbove(exported.uploaded.length, 4);
    const again = await first.export(await first.builds.build(text));
    assert.deepStrictEqual([again.asked, again.documents], [0, 0]);
    const second = await machines.machine();
    const from = await second.build();
    const passedOn = await second.export(from);
    assert.deepStrictEqual([passedOn.asked, passedOn.documents], [0, 0], "the same records");
    const fetched = await second.export(await second.build(text, { whole: true }));
    assert.deepStrictEqual([fetched.asked, fetched.documents], [0, 0], "of what is here now, too");
  });

  it("asks once a day whether all of it is still there", async () => {
    await using machines = await Machines.open();
    const first = await machines.machine();
    const built = await first.builds.build(text);
    await first.export(built);
    for (let hour = 0; hour < 24; hour++) first.builds.waitAnHour();
    for (const blob of await machines.blobs()) await rm(blob);
    await first.export(built);
    const second = await (await machines.machine()).build(text, { whole: true });
    assert.deepStrictEqual(second.executor.commands, []);
    const again = await first.export(built);
    assert.deepStrictEqual([again.asked, again.documents], [0, 0]);
  });

  it("loses nothing of two exports at once", async () => {
    await using machines = await Machines.open();
    const texts = ["FROM scratch\nRUN put a 1", "FROM scratch\nRUN put b 2"];
    await Promise.all(
      texts.map(async (dockerfile) => {
        const machine = await machines.machine();
        await machine.export(await machine.builds.build(dockerfile));
      }),
    );
    const third = await machines.machine();
    for (const dockerfile of texts) {
      const { executor } = await third.build(dockerfile);
      assert.deepStrictEqual(executor.commands, []);
    }
  });

  it("keeps in the document what earlier exports told", async () => {
    await using machines = await Machines.open();
    const first = await machines.machine();
    await first.export(await first.builds.build("FROM scratch\nARG V=1\nRUN make"));
    await first.export(await first.builds.build("FROM scratch\nRUN other"));
    const second = await machines.machine();
    const { log } = await second.build("FROM scratch\nARG V=2\nRUN make");
    assert.strictEqual(log.reason("[1/1] RUN make"), "ARG V changed");
  });

  it("explains which step of the other machine gave something else", async () => {
    await using machines = await Machines.open();
    const [first, second] = [await machines.machine(), await machines.machine()];
    const dockerfile = "FROM scratch\nRUN put a 1\nCOPY a /b\nRUN make\nRUN check";
    await first.export(await first.builds.build(dockerfile));
    const { log } = await second.build(dockerfile.replace("put a 1", "put a 2"));
    assert.strictEqual(log.reason("[1/4] RUN put a 2"), "command changed");
    assert.match(log.reason("[4/4] RUN check"), /^parent changed at RUN put a 2/);
  });

  const copies = `FROM scratch AS build
COPY a /src/
RUN put program 1
FROM scratch
COPY --from=build /program /srv/
RUN check`;

  it("names there the files that changed, and the step that changed what was copied from it", async () => {
    await using machines = await Machines.open();
    const [first, second] = [await machines.machine(), await machines.machine()];
    await first.export(await first.builds.build(copies));
    const changed = copies.replace("program 1", "program 2");
    const reason = "program changed, --from changed at RUN put program 2";
    const { log } = await second.build(changed);
    assert.strictEqual(log.reason("[stage-1 1/2] COPY --from=build /program /srv/"), reason);
    const third = await machines.machine();
    await writeFile(join(third.builds.context, "a"), "2");
    const edited = await third.build(copies);
    assert.strictEqual(edited.log.reason("[build 1/2] COPY a /src/"), "a changed");
    assert.match(edited.log.reason("[build 2/2] RUN put program 1"), /^parent changed at COPY a/);
  });

  it("names the same when what was imported is all that the other machine knows", async () => {
    await using machines = await Machines.open();
    const [first, second] = [await machines.machine(), await machines.machine()];
    await first.export(await first.builds.build(copies));
    await second.build(copies, { whole: true });
    const changed = copies.replace("program 1", "program 2");
    const { log } = await second.builds.build(changed);
    const reason = "program changed, --from changed at RUN put program 2";
    assert.strictEqual(log.reason("[stage-1 1/2] COPY --from=build /program /srv/"), reason);
    assert.match(log.reason("[stage-1 2/2] RUN check"), /^parent changed at COPY --from/);
  });

  it("names the image that changed below what was imported", async () => {
    await using machines = await Machines.open();
    const [first, second] = [await machines.machine(), await machines.machine()];
    const dockerfile = "FROM base\nRUN put a 1\nRUN check";
    const imageOf = async ({ builds }: Machine, text: string) => {
      return {
        images: { base: { ...(await builds.image(oneFile(text))), digest: digestOf(text) } },
      };
    };
    await first.export(await first.builds.build(dockerfile, await imageOf(first, "1")));
    const old = await imageOf(second, "1");
    await second.build(dockerfile, { ...old, whole: true });
    const { log } = await second.builds.build(dockerfile, await imageOf(second, "2"));
    const [before, after] = [digestOf("1"), digestOf("2")].map((digest) => digest.slice(0, 19));
    const reason = `parent changed at FROM base (${before} to ${after})`;
    assert.strictEqual(log.reason("[3/3] RUN check"), reason);
  });

  it("leaves the names of very many files where they are", async () => {
    await using machines = await Machines.open();
    const [first, second] = [await machines.machine(), await machines.machine()];
    const names = Array.from({ length: 600 }, (_, index) => `f${digestOf(String(index))}`);
    for (const { builds } of [first, second])
      for (const name of names) await writeFile(join(builds.context, name), name);
    await first.export(await first.builds.build("FROM scratch\nCOPY . /"));
    await writeFile(join(second.builds.context, "a"), "2");
    const { log } = await second.build("FROM scratch\nCOPY . /");
    assert.strictEqual(log.reason("[1/1] COPY . /"), "files changed");
    for (const blob of await machines.blobs())
      assert.isBelow((await readFile(blob)).length, 1 << 20);
  });

  it("never tells the value of a variable", async () => {
    await using machines = await Machines.open();
    const first = await machines.machine();
    const dockerfile = "FROM scratch\nARG TOKEN\nRUN make";
    await first.export(await first.builds.build(dockerfile, { buildArgs: { TOKEN: "hunter2" } }));
    for (const blob of await machines.blobs())
      assert.notInclude((await readFile(blob)).toString("latin1"), "hunter2");
  });

  const damages = [
    { name: "cut off", damage: (path: string) => truncate(path, 20), why: /only 20 of/ },
    { name: "missing", damage: (path: string) => rm(path), why: /it has no blob/ },
    {
      name: "another one",
      damage: async (path: string) => writeFile(path, Buffer.alloc((await readFile(path)).length)),
      why: /Cannot/,
    },
  ];
  for (const { name, damage, why } of damages) {
    it(`K32 a blob that is ${name} is a warning and a miss`, async () => {
      await using machines = await Machines.open();
      const [first, second] = [await machines.machine(), await machines.machine()];
      const made = await first.builds.build(text);
      await first.export(made);
      const last = made.steps.find(({ step }) => step.title === "RUN check")?.layer;
      if (last === undefined || "fetch" in last) assert.fail("it was made here");
      const { digest } = await first.builds.store.layerBytes.compressed(last, asGzip);
      await damage(join(machines.directory, "blobs/sha256", digest.slice("sha256:".length)));
      const built = await second.build(text, { whole: true });
      const { executor, log, config } = built;
      assert.deepStrictEqual(executor.commands, ["check"]);
      assert.deepStrictEqual(config.rootfs, made.config.rootfs);
      const [warning, ...more] = warnings(log.events);
      assert.match(warning ?? "", /^Cannot use the cached layer of "RUN check" from directory/);
      assert.match(warning ?? "", why);
      assert.deepStrictEqual(more, []);
      if (name === "another one") return; // a directory tells blobs by their sizes
      await second.export(built);
      const third = await (await machines.machine()).build(text, { whole: true });
      assert.deepStrictEqual(third.executor.commands, [], "mended by whoever found it out");
    });
  }

  it("K32 a document that is damaged is a warning, no hit, and replaced by the next export", async () => {
    await using machines = await Machines.open();
    const [first, second] = [await machines.machine(), await machines.machine()];
    await first.export(await first.builds.build(text));
    await writeFile(join(machines.directory, "index.json"), "{");
    const { executor, told } = await second.build();
    assert.deepStrictEqual(executor.commands, ["put program 1", "check"]);
    assert.strictEqual((await second.export(await second.builds.build(text))).documents, 1);
    assert.deepStrictEqual((await (await machines.machine()).build()).executor.commands, []);
    assert.deepStrictEqual(warnings(told), [
      `Cannot use directory ${machines.directory} as a cache: Cannot read image manifest: it is not JSON`,
    ]);
  });

  it("K18 a cache that is not there yet is a warning", async () => {
    await using machines = await Machines.open();
    const { told } = await (await machines.machine()).build();
    assert.lengthOf(warnings(told), 1);
    assert.match(warnings(told)[0] ?? "", /nothing was exported there yet$/);
  });

  it("asks nothing of the place while every step is known here", async () => {
    await using machines = await Machines.open();
    const first = await machines.machine();
    await first.builds.build(text);
    const { told } = await first.build(text, { whole: true });
    assert.deepStrictEqual(told, []);
  });
});
