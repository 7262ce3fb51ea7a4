import { assert } from "chai";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StoredFacts } from "../../src/cache/rootfs-facts.js";
import { FakeRemoteCache } from "./support/fake-remote-cache.js";
import { TestBuilds } from "./support/test-builds.js";

const text = "FROM scratch\nCOPY a /src/\nRUN put made 1\nWORKDIR /w\nRUN check";

/** A machine that has built, and one that has not. */
async function machines(dockerfile = text): Promise<Machines> {
  const files = { a: "1" };
  const [first, second] = [await TestBuilds.open(files), await TestBuilds.open(files)];
  const { steps, config } = await first.build(dockerfile);
  const stored = new StoredFacts(first.store);
  const facts = new Map(
    steps.flatMap(({ parent }) => {
      const known = stored.get(parent);
      return known === undefined ? [] : [[parent, known] as const];
    }),
  );
  const remoteCache = new FakeRemoteCache(steps, { from: first.store, to: second.store, facts });
  return {
    second,
    remoteCache,
    config,
    [Symbol.asyncDispose]: async () => {
      await first[Symbol.asyncDispose]();
      await second[Symbol.asyncDispose]();
    },
  };
}

interface Machines extends AsyncDisposable {
  readonly second: TestBuilds;
  readonly remoteCache: FakeRemoteCache;
  readonly config: object;
}

describe("layers of another machine", () => {
  it("K17 make every step cached, and none of them is fetched where nobody wants files", async () => {
    await using both = await machines();
    const { executor, log, config } = await both.second.build(text, {
      remoteCache: both.remoteCache,
    });
    assert.deepStrictEqual(executor.commands, []);
    assert.deepStrictEqual([...new Set(Object.values(log.outcomes))], ["cached"]);
    assert.deepStrictEqual(both.remoteCache.fetched, []);
    assert.deepStrictEqual(config, both.config, "to the last digest");
  });

  it("K17 are fetched for an output, and found without the other machine from then on", async () => {
    await using both = await machines();
    await both.second.build(text, { remoteCache: both.remoteCache, whole: true });
    assert.sameMembers(both.remoteCache.fetched, [
      "COPY a /src/",
      "RUN put made 1",
      "WORKDIR /w",
      "RUN check",
    ]);
    const { executor, config } = await both.second.build(text);
    assert.deepStrictEqual(executor.commands, []);
    assert.deepStrictEqual(config, both.config);
  });

  it("are fetched once a step that runs needs what lies below it", async () => {
    await using both = await machines();
    const { executor } = await both.second.build(`${text}\nRUN more`, {
      remoteCache: both.remoteCache,
    });
    assert.deepStrictEqual(executor.commands, ["more"]);
    assert.lengthOf(both.remoteCache.fetched, 4);
  });

  it("explain what another machine did otherwise", async () => {
    await using both = await machines("FROM scratch\nARG V=1\nRUN make");
    const { log } = await both.second.build("FROM scratch\nARG V=2\nRUN make", {
      remoteCache: both.remoteCache,
    });
    assert.strictEqual(log.reason("[1/1] RUN make"), "ARG V changed");
  });

  it("explain a COPY without the names of files, which stayed there", async () => {
    await using both = await machines("FROM scratch\nCOPY a /src/");
    await writeFile(join(both.second.context, "a"), "2");
    const { log } = await both.second.build("FROM scratch\nCOPY a /src/", {
      remoteCache: both.remoteCache,
    });
    assert.strictEqual(log.reason("[1/1] COPY a /src/"), "files changed");
  });

  it("have a COPY of the same content over another base", async () => {
    await using both = await machines("FROM scratch\nRUN put base 1\nCOPY a /src/");
    const other = "FROM scratch\nRUN put base 2\nCOPY a /src/";
    const { log } = await both.second.build(other, { remoteCache: both.remoteCache });
    assert.strictEqual(log.outcomes["[2/2] COPY a /src/"], "cached");
    assert.deepStrictEqual(both.remoteCache.fetched, []);
  });

  it("are not asked for with --no-cache", async () => {
    await using both = await machines();
    const asked = (): never => assert.fail("it was asked");
    const remoteCache = Object.assign(both.remoteCache, { find: asked, findByTree: asked });
    const { executor } = await both.second.build(text, { remoteCache, fresh: () => "--no-cache" });
    assert.deepStrictEqual(executor.commands, ["put made 1", "check"]);
  });

  it("K32 that cannot be had are made again, with what depends on them", async () => {
    await using both = await machines();
    both.remoteCache.lost.add("RUN put made 1");
    const { executor, log, config } = await both.second.build(text, {
      remoteCache: both.remoteCache,
      whole: true,
    });
    assert.deepStrictEqual(executor.commands, ["put made 1"]);
    assert.strictEqual(log.outcomes["[4/4] RUN check"], "cached");
    const warnings = log.events.filter(({ type }) => type === "warning");
    assert.deepStrictEqual(warnings, [
      { type: "warning", rule: undefined, message: "lost RUN put made 1", at: undefined },
    ]);
    assert.deepStrictEqual(config.rootfs, (both.config as typeof config).rootfs);
  });

  it("K32 that a step finds lost let the build start again", async () => {
    await using both = await machines();
    both.remoteCache.lost.add("WORKDIR /w");
    const { executor } = await both.second.build(`${text}\nRUN more`, {
      remoteCache: both.remoteCache,
    });
    assert.deepStrictEqual(executor.commands, ["more"]);
  });
});
