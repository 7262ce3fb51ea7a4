import { assert } from "chai";
import { stateKey, stateUpon, type CacheKey, type StateKey } from "../../src/cache/key.js";
import { StepRecords, type CacheRecord } from "../../src/cache/records.js";
import type { Store } from "../../src/store/store.js";
import { oneFile, temporaryStore } from "../store/fixture.js";

const DAY = 24 * 60 * 60 * 1000;

async function record(
  store: Store,
  key: string,
  identities: readonly string[],
): Promise<CacheRecord> {
  await using draft = await store.snapshotter.ingest(oneFile(key));
  const { id, tree } = await store.layers.adopt(draft, { origin: "built" });
  const components = [{ name: "command", value: key }];
  const step = { components, identities, stepTitle: `RUN ${key}`, createdAt: 7 };
  return { key: key as CacheKey, layer: id, tree, ...step };
}

describe("StepRecords", () => {
  it("get() answers what put() recorded", async () => {
    await using store = await temporaryStore();
    const steps = new StepRecords(store);
    const made = await record(store, "a", []);
    assert.isUndefined(await steps.get(made.key));
    await steps.put(made);
    assert.deepStrictEqual(await steps.get(made.key), made);
  });

  it("get() misses when the layer is gone, also when another one got its id", async () => {
    await using store = await temporaryStore();
    const steps = new StepRecords(store);
    const [gone, replaced] = [await record(store, "a", []), await record(store, "b", [])];
    await steps.put(gone);
    await steps.put(replaced);
    await store.snapshotter.remove(gone.layer);
    const other = await record(store, "c", []);
    store.database.table("layers").put(replaced.layer, store.layers.get(other.layer));
    assert.isUndefined(await steps.get(gone.key));
    assert.isUndefined(await steps.get(replaced.key));
  });

  it("get() notes that the layer was used", async () => {
    let now = 10 * DAY;
    await using store = await temporaryStore(() => now);
    const steps = new StepRecords(store);
    const made = await record(store, "a", []);
    await steps.put(made);
    now = 12 * DAY;
    await steps.get(made.key);
    assert.strictEqual(store.layers.get(made.layer).usedAt, now);
  });

  it("nearest() prefers the first identity, and the latest record of it", async () => {
    await using store = await temporaryStore();
    const steps = new StepRecords(store);
    const first = await record(store, "a", ["command", "place"]);
    const second = await record(store, "b", ["other command", "place"]);
    await steps.put(first);
    await steps.put(second);
    assert.deepStrictEqual(steps.nearest(["command", "place"]), first);
    assert.deepStrictEqual(steps.nearest(["new command", "place"]), second);
    assert.isUndefined(steps.nearest(["new command", "new place"]));
  });

  it("earlier() answers the last five runs, each once, the latest first", async () => {
    await using store = await temporaryStore();
    const steps = new StepRecords(store);
    const runs: CacheRecord[] = [];
    for (const name of ["a", "b", "c", "d", "e", "f"]) runs.push(await record(store, name, ["i"]));
    for (const run of runs) await steps.put(run);
    const backwards = runs.toReversed();
    assert.deepStrictEqual(steps.earlier(["unknown", "i"]), backwards.slice(0, 5));
    for (const run of runs.slice(0, 3)) await steps.put(run);
    const again = [...backwards.slice(3), ...backwards.slice(0, 2)];
    assert.deepStrictEqual(steps.earlier(["i"]), again);
  });

  it("nearest() also answers a record whose layer is gone: it explains, it does not hit", async () => {
    await using store = await temporaryStore();
    const steps = new StepRecords(store);
    const made = await record(store, "a", ["place"]);
    await steps.put(made);
    await store.snapshotter.remove(made.layer);
    assert.deepStrictEqual(steps.nearest(["place"]), made);
  });

  it("removeStale() removes what can never hit again, two weeks after it could explain", async () => {
    await using store = await temporaryStore();
    const steps = new StepRecords(store);
    const [older, gone] = [await record(store, "o", ["a"]), await record(store, "a", ["a"])];
    const kept = await record(store, "b", ["b"]);
    for (const one of [older, gone, kept]) await steps.put(one);
    for (const { layer } of [older, gone]) await store.layers.remove(store.layers.get(layer));
    assert.strictEqual(await steps.removeStale(gone.createdAt + DAY), 0);
    assert.deepStrictEqual(steps.earlier(["a"]), [gone, older]);
    assert.strictEqual(await steps.removeStale(gone.createdAt + 14 * DAY), 2);
    assert.isUndefined(steps.nearest(["a"]));
    assert.deepStrictEqual(await steps.get(kept.key), kept);
    assert.deepStrictEqual(steps.nearest(["b"]), kept);
    assert.strictEqual(await steps.removeStale(), 0);
  });

  it("ancestry() tells what led to a state, until nothing that is kept comes from it", async () => {
    await using store = await temporaryStore();
    const steps = new StepRecords(store);
    const base = { key: stateKey([]), title: "FROM busybox", digest: "sha256:0" };
    const first = await record(store, "a", ["a"]);
    const second = await record(store, "b", ["b"]);
    const over = (one: CacheRecord, parent: StateKey): CacheRecord => ({
      ...one,
      components: [{ name: "parent", value: parent }],
      bases: [base],
    });
    const middle = stateUpon(base.key, first.tree);
    const top = stateUpon(middle, second.tree);
    await steps.put(over(first, base.key));
    await steps.put(over(second, middle));
    assert.deepStrictEqual(new StepRecords(store).ancestry(top), [
      { key: top, title: "RUN b", parent: middle },
      { key: middle, title: "RUN a", parent: base.key },
      base,
    ]);
    for (const { layer } of [first, second]) await store.layers.remove(store.layers.get(layer));
    await steps.removeStale(first.createdAt + 14 * DAY);
    assert.deepStrictEqual(new StepRecords(store).ancestry(top), []);
  });
});
