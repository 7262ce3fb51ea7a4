import { assert } from "chai";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { digestOf, type Digest } from "../../src/oci/digest.js";
import { diskUsage, prune } from "../../src/store/garbage.js";
import type { LayerRecord } from "../../src/store/layers.js";
import { asGzip } from "../../src/store/layer-bytes.js";
import type { Store } from "../../src/store/store.js";
import { failure, oneFile, openTestStore, TemporaryDirectory, temporaryStore } from "./fixture.js";

async function build(store: Store, text: string): Promise<LayerRecord> {
  await using draft = await store.snapshotter.ingest(oneFile(text));
  return await store.layers.adopt(draft, { origin: "built" });
}

/** An image of one built layer, compressed as for an export. */
async function buildImage(store: Store, text: string, names: readonly string[]) {
  const layer = await build(store, text);
  const blob = await store.layerBytes.compressed(layer, asGzip);
  const config = {
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: [layer.diffId] },
  };
  const { digest } = await store.blobs.writeWhole(Buffer.from(JSON.stringify(config)));
  await store.images.put({ id: digest, createdAt: Date.now() }, names);
  return { id: digest, layer, blob: blob.digest };
}

async function contents(store: Store) {
  const layers = (await store.snapshotter.list()) as readonly string[];
  assert.sameMembers(
    layers.slice(),
    store.layers.list().map(({ id }) => id as string),
  );
  return { layers, blobs: [...(await store.blobs.list())].sort() };
}
function sorted(...digests: readonly Digest[]): Digest[] {
  return [...digests].sort();
}

describe("prune()", () => {
  it("keeps what images with a name need, and removes everything else", async () => {
    await using store = await temporaryStore();
    const kept = await buildImage(store, "kept", ["web"]);
    const moved = await buildImage(store, "moved", ["other"]);
    const other = await buildImage(store, "other", ["other"]);
    const cache = await build(store, "cache");
    await store.blobs.writeWhole(Buffer.from("nobody's"));
    mkdirSync(join(store.paths.layers, "orphan"));

    const removed = await prune(store);
    assert.sameMembers(
      removed.map(({ id }) => id),
      [moved.layer.id, cache.id, moved.id, moved.blob, digestOf("nobody's")],
    );
    assert.deepStrictEqual(await contents(store), {
      layers: [kept.layer.id, other.layer.id].sort(),
      blobs: sorted(kept.id, kept.blob, other.id, other.blob),
    });
    assert.lengthOf(store.images.list(), 2);
    assert.deepStrictEqual(await prune(store), []);
  });

  it("with `all` leaves nothing", async () => {
    await using store = await temporaryStore();
    await buildImage(store, "a", ["web", "web:2"]);
    await prune(store, { all: true });
    assert.deepStrictEqual(await contents(store), { layers: [], blobs: [] });
    assert.deepStrictEqual(store.images.list(), []);
    assert.deepStrictEqual(store.layerBytes.list(), []);
  });

  it("with `unusedSince` leaves what was used after it", async () => {
    let now = 1000;
    await using store = await temporaryStore(() => now);
    await build(store, "old");
    now = 2000;
    const recent = await build(store, "recent");
    const blob = await store.layerBytes.compressed(recent, asGzip);
    await prune(store, { unusedSince: 1500 });
    assert.deepStrictEqual(await contents(store), { layers: [recent.id], blobs: [blob.digest] });
  });

  it("keeps one blob for two layers that share it while one is needed", async () => {
    await using store = await temporaryStore();
    const image = await buildImage(store, "a", ["web"]);
    const lost = { ...image.layer, id: "gone22" as typeof image.layer.id };
    store.database.table("layers").put(lost.id, lost);
    await prune(store);
    assert.deepStrictEqual(store.layers.list(), [image.layer]);
    assert.isTrue(await store.blobs.has(image.blob));
    assert.deepStrictEqual(await store.layers.findByDiffId(image.layer.diffId), image.layer);
  });

  it("removes nothing while another process uses the store", async () => {
    await using directory = await TemporaryDirectory.make();
    await using store = await openTestStore(directory.path);
    await using other = await openTestStore(directory.path);
    await build(other, "in use");
    assert.strictEqual((await failure(prune(store))).code, "STORE");
    assert.lengthOf((await contents(store)).layers, 1);
    await other.close();
    await prune(store);
    assert.lengthOf((await contents(store)).layers, 0);
  });
});

describe("diskUsage()", () => {
  it("lists layers and blobs with their sizes, and whether an image needs them", async () => {
    await using store = await temporaryStore(() => 5);
    const { layer, id, blob } = await buildImage(store, "a", ["web"]);
    const cache = await build(store, "b");
    const items = await diskUsage(store);
    const { size } = layer;
    assert.deepInclude(items, {
      kind: "layer",
      id: layer.id,
      size,
      createdAt: 5,
      usedAt: 5,
      reclaimable: false,
    });
    assert.deepInclude(items, {
      kind: "layer",
      id: cache.id,
      size: cache.size,
      createdAt: 5,
      usedAt: 5,
      reclaimable: true,
    });
    assert.sameMembers(
      items.filter(({ kind }) => kind === "blob").map((item) => item.id),
      [id, blob],
    );
  });
});
