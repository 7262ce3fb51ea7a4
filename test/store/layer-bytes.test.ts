import { assert } from "chai";
import { unlinkSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import { decompressed } from "../../src/oci/compression.js";
import { mediaTypes, type Descriptor } from "../../src/oci/descriptor.js";
import { digestOf } from "../../src/oci/digest.js";
import type { LayerRecord } from "../../src/store/layers.js";
import { asGzip, asTar } from "../../src/store/layer-bytes.js";
import type { Store } from "../../src/store/store.js";
import { collect, failure, oneFile, temporaryStore } from "./fixture.js";

async function build(store: Store, text: string): Promise<LayerRecord> {
  await using draft = await store.snapshotter.ingest(oneFile(text));
  return await store.layers.adopt(draft, { origin: "built" });
}

describe("LayerBytes", () => {
  it("tar() gives the bytes that the DiffID names", async () => {
    await using store = await temporaryStore();
    const record = await build(store, "a");
    const tar = await collect(store.layerBytes.tar(record));
    assert.strictEqual(digestOf(tar), record.diffId);
    assert.strictEqual(tar.byteLength, record.size);
  });

  it("tar() fails for a layer that changed on disk", async () => {
    await using store = await temporaryStore();
    const record = await build(store, "a");
    const { id } = await build(store, "b");
    const error = await failure(collect(store.layerBytes.tar({ ...record, id })));
    assert.strictEqual(error.code, "DIGEST_MISMATCH");
  });

  it(`compressed(asGzip) gives the same blob again and again, and compresses once`, async () => {
    await using store = await temporaryStore();
    const record = await build(store, "a");
    const all = await Promise.all([1, 2, 3].map(() => store.layerBytes.compressed(record, asGzip)));
    const [first] = all;
    assert.isDefined(first);
    assert.deepStrictEqual(all, [first, first, first]);
    assert.strictEqual(first.mediaType, mediaTypes.layerGzip);
    const blob = await collect(store.layerBytes.open(record, first));
    assert.strictEqual(digestOf(blob), first.digest);
    assert.strictEqual(digestOf(gunzipSync(blob)), record.diffId);
    // Without the layer it can only come from what was kept.
    await store.snapshotter.remove(record.id);
    assert.deepStrictEqual(await store.layerBytes.compressed(record, asGzip), first);
  });

  it("O14 keeps a blob for the zlib that made it, because another one would make other bytes", async () => {
    await using store = await temporaryStore();
    const record = await build(store, "a");
    const { digest } = await store.layerBytes.compressed(record, asGzip);
    const other = await store.blobs.writeWhole(gzipSync(Buffer.from("of another zlib")));
    const table = store.database.table<Descriptor>("layer-blobs");
    const [[key, descriptor] = assert.fail(), ...more] = table.entries();
    assert.deepStrictEqual(more, []);
    assert.strictEqual(key, `${record.diffId} gzip-6-2-zlib-${process.versions.zlib}`);
    table.put(key.replace(process.versions.zlib, "0.9"), { ...descriptor, ...other });
    assert.strictEqual((await store.layerBytes.compressed(record, asGzip)).digest, digest);
  });

  it("compressed() makes a kept blob again that is gone", async () => {
    await using store = await temporaryStore();
    const record = await build(store, "a");
    const first = await store.layerBytes.compressed(record, asGzip);
    unlinkSync(store.blobs.path(first.digest));
    assert.deepStrictEqual(await store.layerBytes.compressed(record, asGzip), first);
    assert.isTrue(await store.blobs.has(first.digest));
  });

  it(`compressed(asTar) is the tar itself, and stores nothing`, async () => {
    await using store = await temporaryStore();
    const record = await build(store, "a");
    const descriptor = await store.layerBytes.compressed(record, asTar);
    assert.deepStrictEqual(descriptor, {
      mediaType: mediaTypes.layer,
      digest: record.diffId,
      size: record.size,
    });
    assert.deepStrictEqual(await store.blobs.list(), []);
    assert.strictEqual(
      digestOf(await collect(store.layerBytes.open(record, descriptor))),
      record.diffId,
    );
  });

  it("O14 compressed() keeps one blob for each format and level", async () => {
    await using store = await temporaryStore();
    const record = await build(store, "a".repeat(10_000));
    const forms = [asGzip, { type: "gzip", level: 0 }, { type: "zstd" }] as const;
    const digests = new Set<string>();
    for (const form of [...forms, ...forms]) {
      const descriptor = await store.layerBytes.compressed(record, form);
      digests.add(descriptor.digest);
      const zstd = form.type === "zstd";
      assert.strictEqual(descriptor.mediaType, zstd ? mediaTypes.layerZstd : mediaTypes.layerGzip);
      const plain = decompressed(store.layerBytes.open(record, descriptor));
      assert.strictEqual(digestOf(await collect(plain)), record.diffId);
    }
    assert.strictEqual(digests.size, forms.length);
    assert.lengthOf(await store.blobs.list(), forms.length);
  });

  it("O14 compressed() changes what was pulled only by force, and only to another format", async () => {
    await using store = await temporaryStore();
    const record = await build(store, "a");
    const blob = gzipSync(await collect(store.layerBytes.tar(record)), { level: 1 });
    const original = { mediaType: mediaTypes.layerGzip, ...(await store.blobs.writeWhole(blob)) };
    store.layerBytes.keepOriginal(record.diffId, original);
    for (const form of [asTar, asGzip, { type: "zstd" }, { type: "gzip", force: true }] as const) {
      assert.deepStrictEqual(await store.layerBytes.compressed(record, form), original);
    }
    for (const type of ["uncompressed", "zstd"] as const) {
      const made = await store.layerBytes.compressed(record, { type, force: true });
      assert.notStrictEqual(made.digest, original.digest);
      const plain = decompressed(store.layerBytes.open(record, made));
      assert.strictEqual(digestOf(await collect(plain)), record.diffId);
    }
  });
});
