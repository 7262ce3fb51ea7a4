import { assert } from "chai";
import { readdirSync } from "node:fs";
import { writeLayerTar } from "../../src/oci/layer-tar.js";
import type { LayerRecord } from "../../src/store/layers.js";
import type { Store } from "../../src/store/store.js";
import { collect, oneFile, streamOf, temporaryStore } from "./fixture.js";

const DAY = 24 * 60 * 60 * 1000;

async function build(store: Store, text: string, mtime = 0): Promise<LayerRecord> {
  await using draft = await store.snapshotter.ingest(oneFile(text, { mtime }));
  return await store.layers.adopt(draft, { origin: "built" });
}

/** Each tool pads its tars to another size. */
async function pull(store: Store, text: string, tool: number): Promise<LayerRecord> {
  const tar = await collect(writeLayerTar(oneFile(text)));
  const padded = Buffer.concat([tar, Buffer.alloc(tool * 512)]);
  await using draft = await store.snapshotter.ingestTar(streamOf(padded));
  return await store.layers.adopt(draft, { origin: "pulled" });
}

describe("Layers", () => {
  it("adopt() publishes a layer that is found by id, DiffID and tree", async () => {
    await using store = await temporaryStore();
    const record = await build(store, "a");
    assert.match(record.id, /^[a-z2-7]{6}$/);
    assert.isTrue(await store.snapshotter.has(record.id));
    assert.deepStrictEqual(store.layers.get(record.id), record);
    assert.deepStrictEqual(await store.layers.findByDiffId(record.diffId), record);
    assert.deepStrictEqual(await store.layers.findByTree(record.tree), record);
    assert.deepStrictEqual(await store.layers.findChain([record.diffId]), [record.id]);
  });

  it("adopt() answers the known layer of the same content: early cutoff", async () => {
    await using store = await temporaryStore();
    const first = await build(store, "a", 1);
    const second = await build(store, "a", 2); // another mtime, so another tar
    assert.deepStrictEqual(second, first);
    assert.deepStrictEqual(await store.snapshotter.list(), [first.id]);
    assert.deepStrictEqual(readdirSync(store.work), ["owner"], "the second draft is gone");
  });

  it("adopt() tells pulled layers of the same content apart by their DiffIDs", async () => {
    await using store = await temporaryStore();
    const one = await pull(store, "a", 1);
    const other = await pull(store, "a", 2);
    const again = await pull(store, "a", 1);
    assert.strictEqual(other.tree, one.tree);
    assert.notStrictEqual(other.id, one.id);
    assert.deepStrictEqual(again, one);
    assert.strictEqual((await build(store, "a")).id, one.id, "a step's result may be a pulled one");
  });

  it("adopt() of equal drafts at once publishes one", async () => {
    await using store = await temporaryStore();
    const records = await Promise.all(
      Array.from({ length: 8 }, (_, index) => build(store, "a", index)),
    );
    assert.strictEqual(new Set(records.map(({ id }) => id)).size, 1);
    assert.lengthOf(await store.snapshotter.list(), 1);
    assert.lengthOf(store.layers.list(), 1);
  });

  it("publish() of equal drafts does not wait until the first one is recorded", async () => {
    await using store = await temporaryStore();
    await using one = await store.snapshotter.ingest(oneFile("a", { mtime: 1 }));
    await using other = await store.snapshotter.ingest(oneFile("a", { mtime: 2 }));
    const [first, second] = await Promise.all([
      store.layers.publish(one, { origin: "built" }),
      store.layers.publish(other, { origin: "built" }),
    ]);
    assert.deepStrictEqual([first.isNew, second.isNew], [true, false]);
    assert.strictEqual(second.layer, first.layer);
    assert.strictEqual(second.recorded, first.recorded);
    await second.recorded;
    assert.deepStrictEqual(store.layers.list(), [first.layer]);
  });

  it("publish() lets what is written once a layer is on the disk go with its record", async () => {
    await using store = await temporaryStore();
    await using draft = await store.snapshotter.ingest(oneFile("a"));
    const { layer, persisted, recorded } = await store.layers.publish(draft, { origin: "built" });
    const seen = persisted.then(() =>
      store.database.soon(() => {
        assert.deepStrictEqual(store.layers.list(), [layer], "its record comes first");
      }),
    );
    await store.layers.settled();
    assert.deepStrictEqual(store.layers.list(), [], "on the disk, and not recorded yet");
    store.database.flush();
    await Promise.all([seen, recorded]);
    assert.deepStrictEqual(store.layers.list(), [layer]);
  });

  it("does not find a layer whose directory is gone, and adopt() publishes it anew", async () => {
    await using store = await temporaryStore();
    const lost = await build(store, "a");
    await store.snapshotter.remove(lost.id);
    assert.isUndefined(await store.layers.find(lost.id));
    assert.isUndefined(await store.layers.findByTree(lost.tree));
    assert.isUndefined(await store.layers.findChain([lost.diffId]));
    const found = await build(store, "a");
    assert.notStrictEqual(found.id, lost.id);
    assert.deepStrictEqual(await store.layers.findByTree(lost.tree), found);
  });

  it("touch() writes at most once a day", async () => {
    let now = 10 * DAY;
    await using store = await temporaryStore(() => now);
    const record = await build(store, "a");
    now += DAY - 1;
    assert.strictEqual(store.layers.touch(record).usedAt, 10 * DAY);
    now += 1;
    store.layers.touch(record);
    assert.strictEqual(store.layers.get(record.id).usedAt, 11 * DAY);
  });

  it("findByTree() and findByDiffId() note the use", async () => {
    let now = 10 * DAY;
    await using store = await temporaryStore(() => now);
    const { tree, diffId } = await build(store, "a");
    now = 12 * DAY;
    assert.strictEqual((await store.layers.findByTree(tree))?.usedAt, now);
    now = 14 * DAY;
    assert.strictEqual((await store.layers.findByDiffId(diffId))?.usedAt, now);
  });

  it("remove() leaves neither record nor layer", async () => {
    await using store = await temporaryStore();
    const record = await build(store, "a");
    await store.layers.remove(record);
    assert.deepStrictEqual(await store.snapshotter.list(), []);
    assert.deepStrictEqual(store.layers.list(), []);
    assert.isUndefined(await store.layers.findByDiffId(record.diffId));
  });
});
