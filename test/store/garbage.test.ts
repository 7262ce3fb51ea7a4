import { assert } from "chai";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mediaTypes, type Descriptor } from "../../src/oci/descriptor.js";
import { digestOf, type Digest } from "../../src/oci/digest.js";
import { listItems, type DiskItem } from "../../src/store/disk-items.js";
import { evict, planPrune, prune } from "../../src/store/garbage.js";
import type { LayerRecord } from "../../src/store/layers.js";
import { asGzip } from "../../src/store/layer-bytes.js";
import type { Store } from "../../src/store/store.js";
import { addedUp, oneFile, openTestStore, TemporaryDirectory, temporaryStore } from "./fixture.js";

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

/** An index of that image alone, without a name, as provenance makes one. */
async function buildIndex(store: Store, image: Awaited<ReturnType<typeof buildImage>>) {
  const layer = await store.layerBytes.compressed(image.layer, asGzip);
  const manifest = await writeJson(store, mediaTypes.manifest, {
    config: { mediaType: mediaTypes.config, digest: image.id, size: 1 },
    layers: [layer],
  });
  const index = await writeJson(store, mediaTypes.index, { manifests: [manifest] });
  await store.images.put({ id: index.digest, createdAt: 0, manifest: index }, []);
  return index.digest;
}

async function writeJson(store: Store, mediaType: string, value: object): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...value }));
  return { mediaType, ...(await store.blobs.writeWhole(bytes)) };
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
      removed.map(({ key }) => key),
      [moved.layer.id, cache.id, moved.id, digestOf("nobody's")],
    );
    assert.deepStrictEqual(await contents(store), {
      layers: [kept.layer.id, other.layer.id].sort(),
      blobs: sorted(kept.id, kept.blob, other.id, other.blob),
    });
    assert.lengthOf(store.images.list(), 2);
    assert.deepStrictEqual(await prune(store), []);
  });

  it("keeps the compressed layers of an image with a name when an index of it goes", async () => {
    await using store = await temporaryStore();
    const kept = await buildImage(store, "kept", ["web"]);
    const index = await buildIndex(store, kept);
    assert.deepStrictEqual(keys(await prune(store)), [index]);
    assert.deepStrictEqual(await contents(store), {
      layers: [kept.layer.id],
      blobs: sorted(kept.id, kept.blob),
    });
  });

  it("with `all` leaves nothing", async () => {
    await using store = await temporaryStore();
    await buildImage(store, "a", ["web", "web:2"]);
    await prune(store, { all: true });
    assert.deepStrictEqual(await contents(store), { layers: [], blobs: [] });
    assert.deepStrictEqual(store.images.list(), []);
    assert.deepStrictEqual(store.layerBytes.list(), []);
  });

  it("K30 reads what an image needs as often with many of them as with few", async () => {
    await using store = await temporaryStore();
    const count = 20;
    for (let i = 0; i < count; i++) await buildImage(store, `image ${i}`, [`web:${i}`]);
    let [reads, lists] = [0, 0];
    const list = store.images.list.bind(store.images);
    store.images.list = () => {
      lists++;
      return list();
    };
    const peek = store.blobs.peek.bind(store.blobs);
    store.blobs.peek = (digest) => {
      reads++;
      return peek(digest);
    };
    await prune(store, { all: true });
    assert.isAtMost(lists, 3, "images are not listed for each of them");
    assert.lengthOf(store.images.list(), 0);
    assert.isAtMost(reads, 3 * count, "once to choose, once to remove");
  });

  it("K28 puts right what the store is said to take, also where nothing is removed", async () => {
    await using store = await temporaryStore();
    await buildImage(store, "a", ["web"]);
    store.database.table<number>("sums").put("layers", 1);
    assert.notStrictEqual(store.tally.total(), addedUp(store));
    await planPrune(store);
    assert.strictEqual(store.tally.total(), addedUp(store));
  });

  it("leaves what a filter does not take", async () => {
    let now = 1000;
    await using store = await temporaryStore(() => now);
    await build(store, "old");
    now = 2000;
    const recent = await build(store, "recent");
    const blob = await store.layerBytes.compressed(recent, asGzip);
    await prune(store, { accepts: ({ usedAt = 0 }) => usedAt < 1500 });
    assert.deepStrictEqual(await contents(store), { layers: [recent.id], blobs: [blob.digest] });
  });

  it("removes of the blobs that are nobody's only what a filter takes", async () => {
    await using store = await temporaryStore();
    const [taken, left] = [digestOf("taken"), digestOf("left")];
    for (const text of ["taken", "left"]) await store.blobs.writeWhole(Buffer.from(text));
    const removed = await prune(store, { accepts: ({ key }) => key === taken });
    assert.deepStrictEqual(
      removed.map(({ key }) => key),
      [taken],
    );
    assert.deepStrictEqual(await store.blobs.list(), [left]);
  });

  it("stops when it is told to, before the next thing is removed", async () => {
    await using store = await temporaryStore();
    await build(store, "cache");
    const reason = new Error("stop");
    const stopped: unknown = await prune(store, {}, AbortSignal.abort(reason)).catch(
      (error: unknown) => error,
    );
    assert.strictEqual(stopped, reason);
    assert.lengthOf(store.layers.list(), 1);
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

  it("K29 keeps what another tsbuild uses, and removes the rest", async () => {
    await using directory = await TemporaryDirectory.make();
    await using store = await openTestStore(directory.path);
    const idle = await build(store, "idle");
    await using other = await openTestStore(directory.path);
    const used = await build(other, "in use");
    const image = await buildImage(other, "its image", []);
    await other.blobs.writeWhole(Buffer.from("not recorded yet"));
    assert.deepStrictEqual(keys(await prune(store, { all: true })), [idle.id]);
    assert.isTrue(await store.blobs.has(digestOf("not recorded yet")));
    await other.close();
    const rest = [used.id, image.layer.id, image.id, digestOf("not recorded yet")];
    assert.sameMembers(keys(await prune(store)), rest);
    assert.deepStrictEqual(await contents(store), { layers: [], blobs: [] });
  });

  it("K29 keeps what got a name after it was chosen", async () => {
    await using directory = await TemporaryDirectory.make();
    await using store = await openTestStore(directory.path);
    const { id, layer } = await buildImage(store, "a", []);
    store.holds.letGo();
    const doomed = await planPrune(store);
    assert.sameMembers(keys(doomed.map(({ item }) => item)), [id, layer.id]);
    await using other = await openTestStore(directory.path);
    await other.images.tag(id, "web");
    await other.close();
    assert.deepStrictEqual(await evict(store, doomed, {}), []);
    assert.deepStrictEqual((await store.images.config(store.images.get("web"))).rootfs.diff_ids, [
      layer.diffId,
    ]);
    assert.isDefined(await store.layers.find(layer.id));
  });

  it("K29 keeps what another tsbuild uses since it was chosen", async () => {
    await using directory = await TemporaryDirectory.make();
    await using store = await openTestStore(directory.path);
    const cache = await build(store, "cache");
    const image = await buildImage(store, "a", []);
    store.holds.letGo();
    const doomed = await planPrune(store);
    assert.lengthOf(doomed, 3);
    await using other = await openTestStore(directory.path);
    assert.isDefined(await other.layers.find(cache.id));
    assert.isTrue(await other.blobs.has(image.id));
    assert.deepStrictEqual(await evict(store, doomed, {}), []);
    const { layers } = await contents(store);
    assert.sameMembers([...layers], [cache.id, image.layer.id]);
    assert.isDefined(store.images.find(image.id));
  });

  it("K29 keeps what gets a name while others are removed", async () => {
    await using directory = await TemporaryDirectory.make();
    await using store = await openTestStore(directory.path);
    const images = [await buildImage(store, "a", []), await buildImage(store, "b", [])];
    store.holds.letGo();
    const doomed = await planPrune(store);
    const forget = store.images.forget.bind(store.images);
    store.images.forget = async (id) => {
      await forget(id);
      const rest = images.filter((image) => image.id !== id);
      await using other = await openTestStore(directory.path);
      for (const image of rest) await other.images.tag(image.id, "web");
    };
    const removed = await evict(store, doomed, {});
    const kept = images.find(({ id }) => id === store.images.get("web").id);
    const gone = images.find((image) => image !== kept);
    assert(kept !== undefined && gone !== undefined);
    assert.sameMembers(keys(removed), [gone.id, gone.layer.id]);
    assert.isDefined(await store.layers.find(kept.layer.id));
    assert.isTrue(await store.blobs.has(kept.blob));
  });

  it("K30 leaves what it is not to touch, and what an image would lose", async () => {
    await using store = await temporaryStore();
    const cache = await build(store, "cache");
    const image = await buildImage(store, "nameless", []);
    const layers = ({ kind }: DiskItem): boolean => kind === "layer";
    const named = await buildImage(store, "named", ["web"]);
    assert.sameMembers(keys(await prune(store, { accepts: layers })), [cache.id, image.layer.id]);
    assert.isUndefined(store.images.find(image.id), "an image without its layer");
    assert.deepStrictEqual((await contents(store)).layers, [named.layer.id]);
  });

  it("K30 goes no further than the limits ask for, the least recently used first", async () => {
    let now = 0;
    await using store = await temporaryStore(() => now);
    const layers: LayerRecord[] = [];
    for (const text of ["oldest", "older", "old"]) {
      now += 1000;
      layers.push(await build(store, text));
    }
    const size = layers[0]?.size ?? 0;
    const removed = await prune(store, { limits: { maxUsed: 2 * size } });
    assert.strictEqual(keys(removed).join(" "), layers[0]?.id);
    assert.lengthOf(await prune(store, { limits: { reserved: size } }), 1);
    assert.strictEqual(keys(await listItems(store)).join(" "), layers[2]?.id);
  });
});

describe("listItems()", () => {
  it("K31 lists everything with its size, and which images need it", async () => {
    await using store = await temporaryStore(() => 5);
    const { layer, id, blob } = await buildImage(store, "a", ["web", "web:2"]);
    const cache = await build(store, "b");
    mkdirSync(store.paths.index);
    writeFileSync(join(store.paths.index, "f00d"), "1234567");
    const lost = await store.blobs.writeWhole(Buffer.from("nobody's"));
    store.holds.letGo();
    const items = await listItems(store);
    const names = ["docker.io/library/web:2", "docker.io/library/web:latest"];
    const times = { createdAt: 5, usedAt: 5, uses: 0, inUse: false };
    const blobSize = (await store.blobs.size(blob)) ?? 0;
    const found = (key: string): DiskItem | undefined => items.find((item) => item.key === key);
    assert.deepStrictEqual(found(layer.id), {
      kind: "layer",
      key: layer.id,
      size: layer.size + blobSize,
      ...times,
      names,
      images: [id],
      parents: [],
    });
    assert.deepInclude(found(cache.id), { size: cache.size, names: [], images: [] });
    assert.deepInclude(found(id), { kind: "image", names, images: [id] });
    assert.deepInclude(found(lost.digest), { kind: "blob", size: 8 });
    assert.deepInclude(found("f00d"), { kind: "index", size: 7 });
    assert.lengthOf(items, 5);
  });

  it("says what another tsbuild uses, and counts the days on which a layer was used", async () => {
    let now = 0;
    await using directory = await TemporaryDirectory.make();
    await using store = await openTestStore(directory.path, () => now);
    const { diffId, id } = await build(store, "a");
    for (const hours of [1, 25, 26, 60]) {
      now = hours * 3_600_000;
      await store.layers.findByDiffId(diffId);
    }
    store.holds.letGo();
    assert.deepInclude((await listItems(store))[0], {
      key: id,
      uses: 2,
      usedAt: now,
      inUse: false,
    });
    await using other = await openTestStore(directory.path);
    await other.layers.find(id);
    assert.isTrue((await listItems(store))[0]?.inUse);
  });
});

function keys(items: readonly DiskItem[]): string[] {
  return items.map(({ key }) => key);
}
