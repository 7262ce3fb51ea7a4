import { assert } from "chai";
import type { HitSource } from "../../src/cache/hit.js";
import { FakeRemoteCache } from "./support/fake-remote-cache.js";
import type { BuildLog } from "./support/build-log.js";
import { TestBuilds } from "./support/test-builds.js";

const START = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

/** Where the results of the steps that were cached are from, by their titles. */
function sourcesOf({ events }: BuildLog): Readonly<Record<string, HitSource | undefined>> {
  const titles = new Map<number, string>();
  const found: Record<string, HitSource | undefined> = {};
  for (const event of events) {
    if (event.type === "declared") titles.set(event.vertex.id, event.vertex.title);
    if (event.type !== "ended" || event.outcome.kind !== "cached") continue;
    found[titles.get(event.id) ?? ""] = event.outcome.from;
  }
  return found;
}

describe("a hit", () => {
  it("tells which record it is from, when that was made, and how long it took", async () => {
    await using builds = await TestBuilds.open({ a: "1" });
    const text = "FROM scratch\nWORKDIR /w\nCOPY a .\nRUN make";
    await builds.build(text);
    builds.waitAnHour();
    const { log } = await builds.build(text);
    const record = { kind: "record", createdAt: START, took: 0, importedFrom: undefined } as const;
    assert.deepStrictEqual(sourcesOf(log), {
      "[1/3] WORKDIR /w": { ...record, step: "WORKDIR /w" },
      "[2/3] COPY a .": { ...record, step: "COPY a ." },
      "[3/3] RUN make": { ...record, step: "RUN make" },
    });
  });

  it("tells that a layer of the same content was there", async () => {
    await using builds = await TestBuilds.open({ a: "1" });
    await builds.build("FROM scratch\nCOPY a /");
    builds.waitAnHour();
    const { log } = await builds.build("FROM scratch\nRUN put b 1\nCOPY a /");
    const from = { kind: "content", createdAt: START, importedFrom: undefined } as const;
    assert.deepStrictEqual(sourcesOf(log), { "[2/2] COPY a /": from });
  });

  it("tells with --no-cache that another stage of this build made it", async () => {
    await using builds = await TestBuilds.open();
    const text =
      "FROM scratch AS a\nRUN make\nFROM scratch AS b\nRUN make\nRUN --mount=from=a,target=/a c";
    const { log } = await builds.build(text, { fresh: () => "--no-cache", jobs: 1 });
    const kinds = Object.values(sourcesOf(log)).map((from) => from?.kind);
    assert.deepStrictEqual(kinds, ["build"]);
  });

  it("tells the cache that it was imported from, also when it is here", async () => {
    await using elsewhere = await TestBuilds.open();
    await using builds = await TestBuilds.open();
    const text = "FROM scratch\nRUN make";
    const { steps } = await elsewhere.build(text);
    const cache = new FakeRemoteCache(steps, { from: elsewhere.store, to: builds.store });
    const first = await builds.build(text, { remoteCache: cache, whole: true });
    const from = { kind: "record", createdAt: START, importedFrom: "another machine" } as const;
    const want = { "[1/1] RUN make": { ...from, step: "RUN make", took: 0 } };
    assert.deepStrictEqual(sourcesOf(first.log), want);
    builds.waitAnHour();
    const again = sourcesOf((await builds.build(text)).log);
    assert.deepStrictEqual(again, want, "when it was made, not when it came here");
  });

  it("is told when the step ran an hour ago, whatever ran since", async () => {
    await using builds = await TestBuilds.open();
    const text = (v: string) => `FROM scratch\nARG V=${v}\nRUN make`;
    await builds.build(text("1"));
    builds.waitAnHour();
    await builds.build(text("2"));
    builds.waitAnHour();
    const { log } = await builds.build(text("1"));
    assert.strictEqual(sourcesOf(log)["[1/1] RUN make"]?.createdAt, START);
    const other = await builds.build(text("2"));
    assert.strictEqual(sourcesOf(other.log)["[1/1] RUN make"]?.createdAt, START + HOUR);
  });
});
