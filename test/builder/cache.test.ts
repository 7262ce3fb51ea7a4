import { assert } from "chai";
import { chmod, mkdir, rename, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { SourceTree } from "../../src/context/source-tree.js";
import { failureOf } from "../oci/build-errors.js";
import { oneFile } from "../store/fixture.js";
import type { LayerChain, LayerId } from "../../src/snapshotter/snapshotter.js";
import type { Holds } from "../../src/store/holds.js";
import { TestBuilds, type Given } from "./support/test-builds.js";

describe("a rebuild", () => {
  const text = "FROM scratch\nWORKDIR /w\nRUN put made 1\nCOPY a b ./\nRUN check";

  it("finds everything, and gives the same image at any time", async () => {
    await using builds = await TestBuilds.open({ a: "1", b: "2" });
    const first = await builds.build(text);
    builds.waitAnHour();
    const second = await builds.build(text);
    assert.deepStrictEqual(second.executor.commands, []);
    assert.deepStrictEqual([...new Set(Object.values(second.log.outcomes))], ["cached"]);
    assert.deepStrictEqual(second.config, first.config);
  });

  it("does everything again where the stage is fresh, and gives the same layers", async () => {
    await using builds = await TestBuilds.open({ a: "1", b: "2" });
    const first = await builds.build(text);
    const second = await builds.build(text, { fresh: () => "--no-cache" });
    assert.deepStrictEqual(second.executor.commands, ["put made 1", "check"]);
    assert.deepStrictEqual([...new Set(Object.values(second.log.outcomes))], ["done"]);
    assert.strictEqual(second.log.reason("[2/4] RUN put made 1"), "--no-cache");
    assert.deepStrictEqual(second.config, first.config);
  });

  it("does only the fresh stages again", async () => {
    await using builds = await TestBuilds.open();
    const stages = "FROM scratch AS a\nRUN put a 1\nFROM scratch\nCOPY --from=a a /a2\nRUN check";
    await builds.build(stages);
    const { executor } = await builds.build(stages, {
      fresh: ({ name }) => (name === "a" ? "--no-cache-filter" : undefined),
    });
    assert.deepStrictEqual(executor.commands, ["put a 1"]);
  });

  it("stops missing once a step gives what it gave before", async () => {
    await using builds = await TestBuilds.open({ source: "// one" });
    const compile = "FROM scratch\nCOPY source /src/\nRUN put program same\nRUN check";
    await builds.build(compile);
    await writeFile(join(builds.context, "source"), "// two");
    const { executor, log } = await builds.build(
      "FROM scratch AS a\nCOPY source /src/\nRUN put program same\nFROM scratch\n" +
        "COPY --from=a program /bin/\nRUN link",
    );
    assert.deepStrictEqual(executor.commands, ["put program same", "link"]);
    const last = log.outcomes["[stage-1 1/2] COPY --from=a program /bin/"];
    assert.strictEqual(last, "done");
    await writeFile(join(builds.context, "source"), "// three");
    const third = await builds.build(
      "FROM scratch AS a\nCOPY source /src/\nRUN put program same\nFROM scratch\n" +
        "COPY --from=a program /bin/\nRUN link",
    );
    assert.deepStrictEqual(third.executor.commands, ["put program same"]);
    assert.deepStrictEqual(third.log.outcomes, {
      "[a 1/2] COPY source /src/": "done",
      "[a 2/2] RUN put program same": "done",
      "[stage-1 1/2] COPY --from=a program /bin/": "cached",
      "[stage-1 2/2] RUN link": "cached",
    });
  });

  it("runs a step again whose layer is gone", async () => {
    await using builds = await TestBuilds.open();
    await builds.build("FROM scratch\nRUN put a 1");
    for (const id of await builds.store.snapshotter.list()) {
      await builds.store.snapshotter.remove(id);
    }
    const { executor, log } = await builds.build("FROM scratch\nRUN put a 1");
    assert.deepStrictEqual(executor.commands, ["put a 1"]);
    assert.strictEqual(log.reason("[1/1] RUN put a 1"), "its layer was pruned");
  });
});

describe("a COPY of which one file was edited", () => {
  const text = "FROM scratch\nCOPY . /";

  /** Told of the layer before, and of the one that is given as similar, while the next is made. */
  async function recopied(
    given: Given,
    told: (similar: LayerId | undefined, earlier: LayerId | undefined, holds: Holds) => void,
  ): Promise<void> {
    await using builds = await TestBuilds.open({ edited: "before", kept: "in the context" });
    await builds.build(text);
    const { holds, snapshotter } = builds.store;
    const [earlier] = await snapshotter.list();
    const ingest = snapshotter.ingest.bind(snapshotter);
    snapshotter.ingest = (changes, known, signal) => {
      told(known?.similar, earlier, holds);
      return ingest(changes, known, signal);
    };
    holds.letGo();
    await writeFile(join(builds.context, "edited"), "after");
    await builds.build(text, given);
  }

  it("has the layer that it gave before for similar, held or somebody could remove it meanwhile", async () => {
    let isHeld = false;
    await recopied({}, (similar, earlier, holds) => {
      assert(similar !== undefined);
      assert.strictEqual(similar, earlier);
      isHeld = holds.isHeld(similar);
    });
    assert.isTrue(isHeld);
  });

  it("reads every file where the stage is fresh", async () => {
    const similars: (LayerId | undefined)[] = [];
    await recopied({ fresh: () => "--no-cache" }, (similar) => similars.push(similar));
    assert.deepEqual(similars, [undefined]);
  });
});

describe("a RUN that misses", () => {
  const arg = "FROM scratch\nARG V\nRUN make";
  const cases: readonly {
    readonly name: string;
    readonly before?: readonly [string, Given?];
    readonly now: readonly [string, Given?];
    readonly reason: string;
  }[] = [
    { name: "was never run", now: ["FROM scratch\nRUN make"], reason: "never built before" },
    {
      name: "has a new argument",
      before: [arg, { buildArgs: { V: "1" } }],
      now: [arg, { buildArgs: { V: "2" } }],
      reason: "ARG V changed from 1 to 2",
    },
    {
      name: "has lost an argument",
      before: [arg, { buildArgs: { V: "1" } }],
      now: [arg],
      reason: "ARG V removed (was 1)",
    },
    {
      name: "is another command at that place",
      before: ["FROM scratch\nRUN make"],
      now: ["FROM scratch\nRUN make all"],
      reason: 'command changed from make to "make all"',
    },
    {
      name: "lies upon something else",
      before: ["FROM scratch\nRUN put a 1\nRUN make"],
      now: ["FROM scratch\nRUN put a 2\nRUN make"],
      reason: "parent changed at RUN put a 2",
    },
    {
      name: "runs as somebody else, elsewhere",
      before: ["FROM scratch\nRUN make"],
      now: ["FROM scratch\nUSER 1\nRUN --network=none make"],
      reason: "user changed from root to 1, network changed from default to none",
    },
  ];
  for (const { name, before, now, reason } of cases) {
    it(`says so when it ${name}`, async () => {
      await using builds = await TestBuilds.open();
      if (before !== undefined) await builds.build(...before);
      const { log } = await builds.build(...now);
      const title = log.started.at(-1) ?? "";
      assert.match(title, /make/);
      assert.strictEqual(log.reason(title), reason);
    });
  }
});

describe("a COPY", () => {
  const copies: readonly {
    readonly name: string;
    readonly change: (context: string) => Promise<void>;
    readonly hit: boolean;
  }[] = [
    { name: "times", change: (context) => utimes(join(context, "d/a"), 1, 1), hit: true },
    {
      name: "a file beside its sources",
      change: (context) => writeFile(join(context, "e"), "new"),
      hit: true,
    },
    { name: "content", change: (context) => writeFile(join(context, "d/a"), "2"), hit: false },
    {
      name: "the mode of a file",
      change: (context) => chmod(join(context, "d/a"), 0o700),
      hit: false,
    },
    { name: "a new file", change: (context) => writeFile(join(context, "d/b"), ""), hit: false },
    { name: "a file that is gone", change: (context) => rm(join(context, "d/a")), hit: false },
  ];
  for (const { name, change, hit } of copies) {
    it(`is ${hit ? "still" : "no longer"} known after ${name}`, async () => {
      await using builds = await TestBuilds.open({ "d/a": "1", e: "old" });
      const text = "FROM scratch\nCOPY d /d/";
      await builds.build(text);
      await change(builds.context);
      const { log } = await builds.build(text);
      assert.strictEqual(log.outcomes["[1/1] COPY d /d/"], hit ? "cached" : "done");
    });
  }

  const flags: readonly (readonly [string, boolean])[] = [
    ["COPY --chown=7 a /", false],
    ["COPY --chmod=600 a /", false],
    ["COPY a /b", false],
    ["ADD a /", true],
    ["COPY --chown=0:0 a /", true],
  ];
  for (const [line, hit] of flags) {
    it(`is ${hit ? "the same layer" : "another layer"} as "${line}"`, async () => {
      await using builds = await TestBuilds.open({ a: "1" });
      await chmod(join(builds.context, "a"), 0o644);
      await builds.build("FROM scratch\nCOPY a /");
      const { log } = await builds.build(`FROM scratch\n${line}`);
      assert.strictEqual(log.outcomes[`[1/1] ${line}`], hit ? "cached" : "done");
    });
  }

  it("survives another base, as long as it lands on the same directories", async () => {
    await using builds = await TestBuilds.open({ a: "1" });
    const text = "FROM base\nCOPY a /srv/";
    const one = await builds.image(oneFile("1", { name: "one" }));
    const two = await builds.image(oneFile("2", { name: "two" }));
    const first = await builds.build(text, { images: { base: one } });
    const second = await builds.build(text, { images: { base: two } });
    assert.strictEqual(second.log.outcomes["[2/2] COPY a /srv/"], "cached");
    assert.strictEqual(first.config.rootfs.diff_ids[1], second.config.rootfs.diff_ids[1]);
    assert.notStrictEqual(first.config.rootfs.diff_ids[0], second.config.rootfs.diff_ids[0]);
  });

  it("does not read a stage again that it knows by its state", async () => {
    await using builds = await TestBuilds.open();
    const text = "FROM scratch AS a\nRUN put a 1\nFROM scratch\nCOPY --from=a a /b";
    await builds.build(text);
    const asked = countCalls(builds, "files");
    const { log } = await builds.build(text);
    assert.strictEqual(log.outcomes["[stage-1 1/1] COPY --from=a a /b"], "cached");
    assert.strictEqual(asked(), 0);
  });

  it("mounts nothing for COPY after COPY, COPY --from, ADD and WORKDIR, whoever owns what", async () => {
    await using builds = await TestBuilds.open({ "d/a": "1", passwd: "web:x:33:44::/:/bin/sh" });
    const mounts = [countCalls(builds, "view"), countCalls(builds, "prepare")];
    const { log } = await builds.build(
      [
        "FROM scratch AS a",
        "COPY passwd /etc/passwd",
        "COPY --chown=web d /srv/",
        "ADD d/a /srv/b",
        "FROM scratch",
        "COPY --from=a /srv /data/",
        "WORKDIR /data/sub",
        "COPY --from=a /srv/b .",
      ].join("\n"),
    );
    assert.strictEqual(log.outcomes["[stage-1 3/3] COPY --from=a /srv/b ."], "done");
    assert.deepStrictEqual(
      mounts.map((count) => count()),
      [0, 0],
    );
  });

  const races: readonly (readonly [string, (context: string) => Promise<void>])[] = [
    ["another content of the same size", (context) => writeFile(join(context, "d/a"), "after!")],
    ["a longer content", (context) => writeFile(join(context, "d/a"), "much longer than before")],
    ["a shorter content", (context) => writeFile(join(context, "d/a"), "b")],
    [
      "another content and the old time",
      async (context) => {
        const { atime, mtime } = await stat(join(context, "d/a"));
        await writeFile(join(context, "d/a"), "after!");
        await utimes(join(context, "d/a"), atime, mtime);
      },
    ],
    [
      "a link in the place of its directory",
      async (context) => {
        await rename(join(context, "d"), join(context, "e"));
        await mkdir(join(context, "../outside"));
        await writeFile(join(context, "../outside/a"), "secret");
        await symlink("../outside", join(context, "d"));
      },
    ],
  ];
  for (const settled of [true, false]) {
    for (const [name, change] of races) {
      const age = settled ? "an old" : "a new";
      it(`refuses ${age} file that gets ${name} before it is written`, async () => {
        await using builds = await TestBuilds.open({ "d/a": "before" });
        if (settled) await sleep(30);
        const racy = (tree: SourceTree): SourceTree => ({
          select: async (pattern) => {
            const selected = await tree.select(pattern);
            await change(builds.context);
            return selected;
          },
        });
        const { done, log } = builds.start("FROM scratch\nCOPY d/a /", { context: racy });
        const error = await failureOf(done, "SYSTEM");
        assert.match(error.message, /^Cannot read ".*\/d\/a": it .*changed while being read$/);
        assert.strictEqual(log.outcomes["[1/1] COPY d/a /"], "failed");
        assert.deepStrictEqual(await builds.store.snapshotter.list(), []);
      });
    }
  }
});

/** Counts from now on how often the snapshotter is asked for a state. */
function countCalls(
  { store: { snapshotter } }: TestBuilds,
  method: "files" | "prepare" | "view",
): () => number {
  const original = snapshotter[method].bind(snapshotter) as (chain: LayerChain) => never;
  let count = 0;
  snapshotter[method] = (chain: LayerChain) => {
    count++;
    return original(chain);
  };
  return () => count;
}
