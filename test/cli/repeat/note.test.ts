import { assert } from "chai";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BuildEvent } from "../../../src/builder/event.js";
import { neverBuilt } from "../../../src/cache/reason.js";
import { AskedVariables } from "../../../src/cli/asked.js";
import { findNote } from "../../../src/cli/repeat/find-note.js";
import { NoteTaker } from "../../../src/cli/repeat/note-taker.js";
import { toBytePath } from "../../../src/oci/changeset.js";
import { Database } from "../../../src/store/database.js";
import { FakeIo, type World } from "../fake-io.js";

const argv = ["-t", "web", "."];
const cached: readonly BuildEvent[] = [
  { type: "declared", vertex: { id: 1, title: "[1/1] COPY src /" }, inputs: [] },
  { type: "started", id: 1 },
  { type: "ended", id: 1, outcome: { kind: "cached" } },
];

/** A store, and a context of which src/ was listed and src/a and the missing src/gone were looked at. */
class Scene {
  readonly root = mkdtempSync(join(tmpdir(), "tsbuild-note-"));
  readonly store = join(this.root, "store");
  readonly context = join(this.root, "context");
  readonly env: Record<string, string> = {
    TSBUILD_ROOT: this.store,
    XDG_CONFIG_HOME: join(this.root, "config"),
    USED: "1",
  };

  async open(): Promise<void> {
    for (const path of ["db", "layers", "blobs/sha256", "index"]) this.directory(`store/${path}`);
    await (await Database.create(join(this.store, "db")))[Symbol.asyncDispose]();
    this.write("store/format", "1");
    this.directory("config/tsbuild");
    this.directory("context/src");
    this.write("context/Dockerfile", "FROM scratch\nCOPY src /\n");
    this.write("context/src/a", "a");
  }

  directory(path: string): void {
    mkdirSync(join(this.root, path), { recursive: true });
  }

  write(path: string, text: string): void {
    writeFileSync(join(this.root, path), text);
  }

  path(path: string): string {
    return join(this.root, path);
  }

  close(): void {
    rmSync(this.root, { recursive: true });
  }

  /** Watches what a build does, and notes it. */
  note({
    events = cached,
    during = () => undefined,
    asks = ["USED", "UNSET"],
    terminal,
    startedAt = Date.now() + 60_000, // by then, everything is old enough
  }: {
    readonly events?: readonly BuildEvent[];
    readonly during?: () => unknown;
    readonly asks?: readonly string[];
    readonly terminal?: World["terminal"];
    readonly startedAt?: number;
  } = {}): void {
    const { env, asked } = new AskedVariables(this.env);
    const io = new FakeIo({ env, cwd: this.root, ...(terminal && { terminal }) });
    const taker = new NoteTaker(Object.assign(io, { asked }), startedAt);
    for (const name of asks) assert.strictEqual(io.env[name], this.env[name]);
    for (const path of ["src", "src/.", "src/a", "src/gone"]) taker.looked(toBytePath(path));
    for (const event of events) taker.take(event);
    during();
    const { context } = this;
    const dockerfile = join(context, "Dockerfile");
    taker.keep({
      ...{ argv, flags: { quiet: true, progress: undefined }, output: "sha256:1\n" },
      input: { context, dockerfile, scope: dockerfile, source: { name: "Dockerfile", text: "" } },
      ...{ config: undefined, manifest: undefined, names: ["web"] },
      record: { header: { work: "w", context, dockerfile, platforms: [], flags: {} } },
    });
  }

  isRepeated(words: readonly string[] = argv, cwd = this.root, now = Date.now()): boolean {
    return findNote(words, { cwd, env: this.env }, now) !== undefined;
  }
}

describe("the note of a build", () => {
  let scene: Scene;

  beforeEach(async () => {
    scene = new Scene();
    await scene.open();
  });

  afterEach(() => {
    scene.close();
  });

  it("holds as long as nothing changes, for the same words in the same directory", () => {
    assert.isFalse(scene.isRepeated());
    scene.note();
    assert.isTrue(scene.isRepeated());
    assert.isTrue(scene.isRepeated());
    assert.isFalse(scene.isRepeated(["-t", "web2", "."]));
    assert.isFalse(scene.isRepeated(["-t", "web ."]));
    assert.isFalse(scene.isRepeated(argv, scene.context));
  });

  it("tells all that the build told", () => {
    const at = { source: { name: "Dockerfile", text: "FROM scratch" }, start: 0, end: 4 };
    const warning = { type: "warning", rule: "Rule", message: "careful", at } as const;
    const totals = { ms: 1, cached: 1, run: 0, savedMs: 0, written: 0, sent: 0 };
    scene.note({ events: [...cached, warning, { type: "summary", totals }] });
    const note = findNote(argv, { cwd: scene.root, env: scene.env })?.note;
    assert.deepStrictEqual(note?.events as readonly BuildEvent[], [...cached, warning]);
    assert.deepInclude(note, { output: "sha256:1\n", result: { names: ["web"] } });
    assert.strictEqual(note?.header.context, scene.context);
  });

  const changes: Readonly<Record<string, (scene: Scene) => unknown>> = {
    "the content of the Dockerfile": (s) => {
      s.write("context/Dockerfile", "FROM scratch\nCOPY src .\n");
    },
    "another Dockerfile in its place": (s) => {
      s.write("context/new", "FROM scratch\nCOPY src .\n");
      renameSync(s.path("context/new"), s.path("context/Dockerfile"));
    },
    "an ignore file that was not there": (s) => {
      s.write("context/.dockerignore", "a");
    },
    "an ignore file of the Dockerfile": (s) => {
      s.write("context/Dockerfile.dockerignore", "a");
    },
    "a configuration file": (s) => {
      s.write("config/tsbuild/config.json", "{}");
    },
    "the content of a file": (s) => {
      s.write("context/src/a", "b");
    },
    "the mode of a file": (s) => {
      chmodSync(s.path("context/src/a"), 0o700);
    },
    "the mode of a directory": (s) => {
      chmodSync(s.path("context/src"), 0o700);
    },
    "a new file in a directory that was listed": (s) => {
      s.write("context/src/b", "b");
    },
    "a file that is gone": (s) => {
      rmSync(s.path("context/src/a"));
    },
    "a link in place of a directory": (s) => {
      renameSync(s.path("context/src"), s.path("context/other"));
      symlinkSync("other", s.path("context/src"));
    },
    "a context that is gone": (s) => {
      rmSync(s.context, { recursive: true });
    },
    "a transaction of the database": async (s) => {
      await using database = await Database.open(s.path("store/db"));
      database.table<number>("any").put("key", 1);
    },
    "a layer that is gone": (s) => {
      s.directory("store/layers/new");
    },
    "a blob that is gone": (s) => {
      s.write("store/blobs/sha256/new", "");
    },
    "the format of the store": (s) => {
      s.write("store/format", "2");
    },
    "the value of a variable that was asked for": (s) => {
      s.env["USED"] = "2";
    },
    "a variable that was not set": (s) => {
      s.env["UNSET"] = "";
    },
    "a note that is damaged": (s) => {
      const [name = ""] = readdirSync(s.path("store/index"));
      s.write(`store/index/${name}`, readFileSync(s.path(`store/index/${name}`), "utf8").slice(1));
    },
  };
  for (const [change, make] of Object.entries(changes)) {
    it(`no longer holds after this: ${change}`, async () => {
      scene.note();
      assert.isTrue(scene.isRepeated());
      await sleep(20); // until a change shows in the times
      await make(scene);
      assert.isFalse(scene.isRepeated());
    });
  }

  it("holds whatever happens beside what the build looked at", () => {
    scene.directory("context/src/below");
    scene.note();
    scene.write("context/other", "new");
    scene.write("context/src/below/other", "new");
    scene.env["UNUSED"] = "2";
    assert.isTrue(scene.isRepeated());
  });

  it("holds for an hour, so that builds go on saying what is in use", () => {
    scene.note();
    const minute = 60_000;
    for (const [minutes, holds] of [
      [59, true],
      [61, false],
      [-1, false],
    ] as const) {
      const now = Date.now() + minutes * minute;
      assert.strictEqual(scene.isRepeated(argv, scene.root, now), holds, `${minutes} minutes`);
    }
  });

  it("is of builds for the same kind of terminal", () => {
    scene.note({ terminal: { err: true } });
    assert.isFalse(scene.isRepeated());
  });

  const others: Readonly<Record<string, (scene: Scene) => unknown>> = {
    "that ran a step": (s) => {
      s.note({ events: [...cached, { type: "missed", id: 1, reason: neverBuilt }] });
    },
    "that wrote something": (s) => {
      s.note({ events: [...cached, { type: "traffic", written: 1, sent: 0 }] });
    },
    "whose files had just been changed": (s) => {
      s.note({ startedAt: Date.now() });
    },
    "during which the store changed": (s) => {
      const pages = readFileSync(s.path("store/db/data.mdb"));
      pages[160] = 1;
      s.note({
        during: () => {
          writeFileSync(s.path("store/db/data.mdb"), pages);
        },
      });
    },
    "whose Dockerfile was read through a link": (s) => {
      renameSync(s.path("context/Dockerfile"), s.path("context/Dockerfile.real"));
      symlinkSync("Dockerfile.real", s.path("context/Dockerfile"));
      s.note();
    },
    "that asked for what may be a secret": (s) => {
      s.env["API_TOKEN"] = "x";
      s.note({ asks: ["API_TOKEN"] });
    },
    "that asked git for labels": (s) => {
      s.env["BUILDX_GIT_LABELS"] = "1";
      s.note({ asks: ["BUILDX_GIT_LABELS"] });
    },
  };
  for (const [what, make] of Object.entries(others)) {
    it(`is not taken of a build ${what}`, async () => {
      await make(scene);
      assert.isEmpty(readdirSync(scene.path("store/index")), what);
    });
  }
});
