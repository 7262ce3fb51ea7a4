import { assert } from "chai";
import { setTimeout as sleep } from "node:timers/promises";
import type { BaseImage } from "../../src/builder/engine.js";
import { BuildError } from "../../src/error.js";
import { failureOf } from "../oci/build-errors.js";
import { oneFile } from "../store/fixture.js";
import { FakeExecutor } from "./support/fake-executor.js";
import { TestBuilds } from "./support/test-builds.js";

const diamond = `FROM scratch AS top
RUN put top 0
FROM top AS left
RUN put left 1
FROM top AS right
RUN put right 2
FROM scratch AS bottom
COPY --from=left /left /1
COPY --from=right /right /2
RUN check`;

describe("build()", () => {
  it("does the steps of a stage one after the other", async () => {
    await using builds = await TestBuilds.open({ a: "text" });
    const { executor, log } = await builds.build(
      "FROM scratch\nWORKDIR /w\nRUN one\nCOPY a .\nRUN two\nENV A=1\nRUN three",
    );
    assert.deepStrictEqual(executor.commands, ["one", "two", "three"]);
    assert.deepStrictEqual(log.started, [
      "[1/5] WORKDIR /w",
      "[2/5] RUN one",
      "[3/5] COPY a .",
      "[4/5] RUN two",
      "[5/5] RUN three",
    ]);
    assert.deepStrictEqual(executor.processes[2]?.env.includes("A=1"), true);
  });

  it("gets the sandbox ready when a step misses that leads to a RUN, and not otherwise", async () => {
    await using builds = await TestBuilds.open({ a: "text", b: "text" });
    const isReady = async (dockerfile: string): Promise<boolean> => {
      const executor = new FakeExecutor();
      await builds.build(dockerfile, { executor }).catch(() => undefined);
      return executor.coming.length > 0;
    };
    assert.isTrue(await isReady("FROM scratch\nCOPY a .\nCOPY missing .\nRUN one"));
    assert.isTrue(await isReady("FROM scratch\nCOPY a .\nRUN one"));
    assert.isFalse(await isReady("FROM scratch\nCOPY a .\nRUN one"));
    assert.isFalse(await isReady("FROM scratch\nCOPY a .\nRUN one\nCOPY b ."));
  });

  it("gets a network ready for a RUN that uses it, and for none that has its own way", async () => {
    await using builds = await TestBuilds.open({ a: "text" });
    const executor = new FakeExecutor();
    const dockerfile = `FROM scratch
COPY a .
RUN --network=none one
RUN two
RUN --network=none three`;
    await builds.build(dockerfile, { executor });
    const told = executor.coming.map(({ useNetwork }) => useNetwork);
    assert.deepStrictEqual(told, [true, true, true, true, true, false]);
  });

  it("does both middle stages of a diamond at the same time", async () => {
    await using builds = await TestBuilds.open();
    const executor = new FakeExecutor();
    const [left, right] = [executor.hold("put left 1"), executor.hold("put right 2")];
    const { done, log } = builds.start(diamond, { executor });
    await Promise.all([left.started, right.started]);
    left.release();
    right.release();
    const { config } = await done;
    assert.strictEqual(config.rootfs.diff_ids.length, 3);
    assert.deepStrictEqual([...new Set(Object.values(log.outcomes))], ["done"]);
    assert.strictEqual(executor.count("put top 0"), 1);
    assert.strictEqual(executor.commands.at(-1), "check");
  });

  it("does no more at a time than there are jobs", async () => {
    const stages = [1, 2, 3, 4, 5].map((i) => `FROM scratch AS s${i}\nRUN put file${i} x`);
    const last = `FROM scratch\n${[1, 2, 3, 4, 5].map((i) => `COPY --from=s${i} / /`).join("\n")}`;
    for (const jobs of [1, 2, 3]) {
      await using builds = await TestBuilds.open();
      const executor = new FakeExecutor();
      const holds = [1, 2, 3, 4, 5].map((i) => executor.hold(`put file${i} x`));
      const { done } = builds.start([...stages, last].join("\n"), { executor, jobs });
      while (executor.peak < jobs) await sleep(1);
      await sleep(20); // for one more to come, too
      for (const hold of holds) hold.release();
      await done;
      assert.strictEqual(executor.peak, jobs);
    }
  });

  const twice = `FROM scratch AS a
RUN put same 1
FROM scratch AS b
RUN put same 1
FROM scratch
COPY --from=a /same /a
COPY --from=b /same /b`;

  for (const fresh of [false, true]) {
    it(`runs the same step of two stages once${fresh ? ", without the cache too" : ""}`, async () => {
      await using builds = await TestBuilds.open();
      if (fresh) await builds.build(twice);
      const { executor, log } = await builds.build(twice, {
        fresh: () => (fresh ? "--no-cache" : undefined),
      });
      assert.deepStrictEqual(executor.commands, ["put same 1"]);
      const { "[a 1/1] RUN put same 1": a, "[b 1/1] RUN put same 1": b } = log.outcomes;
      assert.sameMembers([a, b], ["done", "cached"]);
    });
  }

  it("goes on in every stage that copies the same before that is recorded", async () => {
    await using builds = await TestBuilds.open({ file: "text" });
    const { database } = builds.store;
    const soon = database.soon.bind(database);
    const executor = new FakeExecutor();
    const [a, b] = [executor.hold("a"), executor.hold("b")];
    const both = Promise.all([a.started, b.started]);
    database.soon = async (action) => {
      await both;
      await soon(action);
    };
    const stage = (name: string): string => `FROM scratch AS ${name}\nCOPY file /\nRUN ${name}\n`;
    const copies = "COPY --from=a /file /a\nCOPY --from=b /file /b";
    const { done, log } = builds.start(`${stage("a")}${stage("b")}FROM scratch\n${copies}`, {
      executor,
    });
    await both;
    a.release();
    b.release();
    await done;
    const { "[a 1/2] COPY file /": first, "[b 1/2] COPY file /": second } = log.outcomes;
    assert.sameMembers([first, second], ["done", "cached"]);
  });

  it("runs the same step of two builds once", async () => {
    await using builds = await TestBuilds.open();
    const executor = new FakeExecutor();
    const hold = executor.hold("put a 1");
    const first = builds.start("FROM scratch\nRUN put a 1", { executor });
    await hold.started;
    const second = builds.start("FROM scratch AS other\nRUN put a 1", { executor });
    await sleep(10); // for the second to come to the step, too
    hold.release();
    const images = await Promise.all([first.done, second.done]);
    assert.deepStrictEqual(images[0].config.rootfs, images[1].config.rootfs);
    assert.strictEqual(executor.count("put a 1"), 1);
  });

  it("does not run the steps of a stage that nothing needs", async () => {
    await using builds = await TestBuilds.open();
    const { executor } = await builds.build("FROM scratch AS a\nRUN a\nFROM scratch\nRUN b");
    assert.deepStrictEqual(executor.commands, ["b"]);
  });

  it("passes output on while a step runs", async () => {
    await using builds = await TestBuilds.open();
    const { log } = await builds.build("FROM scratch\nRUN say hello && say world");
    assert.strictEqual(log.output("[1/1] RUN say hello && say world"), "hello\nworld\n");
  });
});

describe("build() that fails", () => {
  it("points at the step, and shows how every other one ended", async () => {
    await using builds = await TestBuilds.open();
    await builds.build("FROM scratch\nRUN put a 1");
    const executor = new FakeExecutor();
    const [slow, failing] = [executor.hold("slow"), executor.hold("exit 3")];
    const text = `FROM scratch AS good
RUN put a 1
RUN slow
RUN never
FROM scratch AS bad
RUN put b 1
RUN exit 3
FROM good
COPY --from=bad / /`;
    const { done, log } = builds.start(text, { executor });
    await Promise.all([slow.started, failing.started]);
    failing.release();
    const error = await failureOf(done, "RUN_FAILED");
    assert.strictEqual(
      error.message,
      'Cannot run the step: process "/bin/sh -c exit 3" did not complete successfully: exit code: 3',
    );
    assert.strictEqual(error.at && text.slice(error.at.start, error.at.end), "RUN exit 3");
    assert.deepStrictEqual(log.outcomes, {
      "[good 1/3] RUN put a 1": "cached",
      "[good 2/3] RUN slow": "cancelled",
      "[good 3/3] RUN never": "skipped",
      "[bad 1/2] RUN put b 1": "done",
      "[bad 2/2] RUN exit 3": "failed",
      "[stage-2 1/1] COPY --from=bad / /": "skipped",
    });
    assert.strictEqual(log.failure("[bad 2/2] RUN exit 3"), error.message);
  });

  it("throws the first failure, not those that it led to", async () => {
    await using builds = await TestBuilds.open();
    const executor = new FakeExecutor();
    const [other, hold] = [executor.hold("exit 2"), executor.hold("exit 1")];
    const text =
      "FROM scratch AS a\nRUN exit 2\nFROM scratch AS b\nRUN exit 1\n" +
      "FROM scratch\nCOPY --from=a / /\nCOPY --from=b / /";
    const { done, log } = builds.start(text, { executor });
    await Promise.all([other.started, hold.started]);
    hold.release();
    const error = await failureOf(done, "RUN_FAILED");
    assert.match(error.message, /exit code: 1$/);
    assert.strictEqual(log.outcomes["[a 1/1] RUN exit 2"], "cancelled");
  });

  it("keeps nothing of a failed step, and all of those before", async () => {
    await using builds = await TestBuilds.open();
    const { done } = builds.start("FROM scratch\nRUN put a 1\nRUN put b 2 && exit 1");
    await failureOf(done, "RUN_FAILED");
    const { executor, log } = await builds.build("FROM scratch\nRUN put a 1\nRUN put b 2");
    assert.deepStrictEqual(executor.commands, ["put b 2"]);
    assert.strictEqual(log.outcomes["[1/2] RUN put a 1"], "cached");
    assert.strictEqual((await builds.store.snapshotter.list()).length, 2);
  });

  it("stops with the user's reason", async () => {
    await using builds = await TestBuilds.open();
    const executor = new FakeExecutor();
    const user = new AbortController();
    const hold = executor.hold("slow");
    const { done, log } = builds.start("FROM scratch\nRUN slow\nRUN next", {
      executor,
      signal: user.signal,
    });
    await hold.started;
    const reason = new BuildError("CANCELLED", "Cannot go on: interrupted");
    user.abort(reason);
    assert.strictEqual(await failureOf(done, "CANCELLED"), reason);
    assert.deepStrictEqual(log.outcomes, {
      "[1/2] RUN slow": "cancelled",
      "[2/2] RUN next": "skipped",
    });
  });

  it("starts nothing for a user who has gone already", async () => {
    await using builds = await TestBuilds.open();
    const reason = new BuildError("CANCELLED", "Cannot go on");
    const given = { signal: AbortSignal.abort(reason) };
    const { done, executor } = builds.start("FROM scratch\nRUN a", given);
    assert.strictEqual(await failureOf(done, "CANCELLED"), reason);
    assert.deepStrictEqual(executor.commands, []);
  });

  it("names the source that is missing", async () => {
    await using builds = await TestBuilds.open();
    const text = "FROM scratch\nCOPY none /";
    const { done, log } = builds.start(text);
    const error = await failureOf(done, "SOURCE_NOT_FOUND");
    assert.strictEqual(error.at && text.slice(error.at.start, error.at.end), "COPY none /");
    assert.strictEqual(log.outcomes["[1/1] COPY none /"], "failed");
  });
});

describe("build() upon an image", () => {
  it("does not fetch it while every step is known", async () => {
    await using builds = await TestBuilds.open();
    const text = "FROM base\nRUN put a 1";
    const base = await builds.image(oneFile("base"));
    await builds.build(text, { images: { base } });
    const absent = { ...base, layers: () => Promise.reject(new Error("fetched")) };
    const { log } = await builds.build(text, { images: { base: absent } });
    assert.deepStrictEqual(log.outcomes, {
      "[1/2] FROM base": "cached",
      "[2/2] RUN put a 1": "cached",
    });
  });

  it("fetches it once for all stages", async () => {
    await using builds = await TestBuilds.open();
    const here = await builds.image(oneFile("base"));
    let fetched = 0;
    const base = {
      ...here,
      layers: (...given: Parameters<typeof here.layers>) => {
        fetched++;
        given[0]("sha256:x", 5, 10);
        return here.layers(...given);
      },
    };
    const text =
      "FROM base AS a\nRUN put a 1\nFROM base AS b\nRUN put b 1\n" +
      "FROM scratch\nCOPY --from=a a /\nCOPY --from=b b /\nCOPY --from=base file /";
    const { log } = await builds.build(text, { images: { base } });
    assert.strictEqual(fetched, 1);
    assert.strictEqual(log.outcomes["[a 1/2] FROM base"], "done");
    assert.strictEqual(log.outcomes["[b 1/2] FROM base"], "cached");
    assert.deepInclude(log.events, {
      type: "progress",
      id: 1,
      item: "sha256:x",
      current: 5,
      total: 10,
    });
  });

  it("points at the FROM whose image cannot be fetched", async () => {
    await using builds = await TestBuilds.open();
    const base = {
      ...(await builds.image(oneFile("base"))),
      layers: () => Promise.reject(new BuildError("REGISTRY", "Cannot reach registry")),
    };
    const text = "FROM base\nRUN a";
    const { done, log, executor } = builds.start(text, { images: { base } });
    const error = await failureOf(done, "REGISTRY");
    assert.strictEqual(error.at?.start, text.indexOf("base"));
    assert.deepStrictEqual(log.outcomes, {
      "[1/2] FROM base": "failed",
      "[2/2] RUN a": "skipped",
    });
    assert.deepStrictEqual(executor.commands, []);
  });

  describe("where FROM has ended, and a later step wants the files", () => {
    const first = "FROM base AS a\nRUN put a 1\nFROM scratch\nCOPY --from=a a /";
    const later = "FROM base AS a\nRUN put a 1\nFROM scratch\nRUN wait\nCOPY --from=a file /";
    const title = "[internal] pull base";

    it("shows a fetch as work of its own", async () => {
      await using builds = await TestBuilds.open();
      const base = await builds.image(oneFile("base"));
      await builds.build(first, { images: { base } });
      const remote: BaseImage = {
        ...base,
        layers(progress, signal) {
          progress("sha256:a", 1, 2);
          return base.layers(progress, signal);
        },
      };
      const { log } = await builds.build(later, { images: { base: remote } });
      assert.strictEqual(log.outcomes["[a 1/2] FROM base"], "cached");
      assert.strictEqual(log.outcomes[title], "done");
    });

    it("shows nothing where the layers are here", async () => {
      await using builds = await TestBuilds.open();
      const images = { base: await builds.image(oneFile("base")) };
      await builds.build(first, { images });
      const { log } = await builds.build(later, { images });
      assert.notProperty(log.outcomes, title);
    });

    it("shows a fetch that fails before anything comes", async () => {
      await using builds = await TestBuilds.open();
      const base = await builds.image(oneFile("base"));
      await builds.build(first, { images: { base } });
      const gone: BaseImage = {
        ...base,
        layers: () => Promise.reject(new BuildError("REGISTRY", "Cannot reach registry")),
      };
      const { done, log } = builds.start(later, { images: { base: gone } });
      await failureOf(done, "REGISTRY");
      assert.strictEqual(log.outcomes[title], "failed");
    });
  });
});
