import { assert } from "chai";
import { digestOf } from "../../src/oci/digest.js";
import { parsePlatform } from "../../src/oci/platform.js";
import { onlyImage, packImage } from "../../src/output/packed-image.js";
import { packIndex, type IndexedImage } from "../../src/output/packed-index.js";
import { keepDocuments, packStoredImage, readStoredImage } from "../../src/output/stored-image.js";
import { prune } from "../../src/store/garbage.js";
import type { ImageRecord } from "../../src/store/image-record.js";
import { asGzip } from "../../src/store/layer-bytes.js";
import type { Store } from "../../src/store/store.js";
import { failureOf } from "../oci/build-errors.js";
import { collect } from "../oci/bytes.js";
import { oneFile, temporaryStore } from "../store/fixture.js";
import { storeImage } from "./store-image.js";

const gzip = { compression: asGzip, signal: new AbortController().signal } as const;

/** An image for two platforms in the store, as a build makes it. */
async function storeIndex(store: Store, names: readonly string[]): Promise<ImageRecord> {
  const children: IndexedImage[] = [];
  for (const name of ["linux/s390x", "linux/arm64"]) {
    const platform = parsePlatform(name);
    const record = await storeImage(store, [oneFile("common"), oneFile(name)]);
    const stored = await readStoredImage(store, record);
    const image = await packImage(stored, store.layerBytes, gzip);
    children.push({ image, descriptor: { ...image.manifest.descriptor, platform } });
    await store.images.remove([record.id]);
  }
  const packed = packIndex(children, { mediaTypes: "oci", annotations: {} });
  await keepDocuments(packed, store);
  const { descriptor } = packed.root;
  const record = { id: descriptor.digest, manifest: descriptor, createdAt: 0, built: true };
  await store.images.put(record, names);
  return record;
}

describe("an index in the store", () => {
  it("M01 is packed as it is, with everything it lists, after pruning too", async () => {
    await using store = await temporaryStore();
    const record = await storeIndex(store, ["web"]);
    await prune(store);
    const { root, images } = await packStoredImage(store, record, gzip);
    assert.strictEqual(root.descriptor.digest, record.id);
    assert.strictEqual(digestOf(root.bytes), record.id);
    for (const { manifest, layers } of images) {
      assert.strictEqual(digestOf(manifest.bytes), manifest.descriptor.digest);
      assert.lengthOf(layers, 2);
      for (const { descriptor, open } of layers) {
        assert.strictEqual(digestOf(await collect(open())), descriptor.digest);
      }
    }
  });

  it("goes with its last name, and everything below it when pruned", async () => {
    await using store = await temporaryStore();
    const { id } = await storeIndex(store, ["web"]);
    const name = "docker.io/library/web:latest";
    assert.deepEqual(await store.images.remove(["web"]), [{ untagged: [name], deleted: id }]);
    await prune(store);
    assert.deepStrictEqual(await store.blobs.list(), []);
    assert.deepStrictEqual([...store.layers.list()], []);
  });

  it("M06 gives the image for a platform, and none for one that it does not have", async () => {
    await using store = await temporaryStore();
    const record = await storeIndex(store, ["web"]);
    const { images } = await packStoredImage(store, record, gzip);
    const member = async (name: string) =>
      (await store.images.member(record, parsePlatform(name)))?.manifest?.digest;
    assert.strictEqual(await member("linux/arm64"), images[1]?.manifest.descriptor.digest);
    assert.strictEqual(await member("linux/s390x"), images[0]?.manifest.descriptor.digest);
    assert.strictEqual(await member("linux/ppc64le"), undefined);
  });

  it("says that it must be built again when a layer is gone", async () => {
    await using store = await temporaryStore();
    const record = await storeIndex(store, ["web"]);
    const { images } = await packStoredImage(store, record, gzip);
    const blob = images[1]?.layers[1]?.descriptor.digest;
    if (blob !== undefined) await store.blobs.remove(blob);
    await failureOf(packStoredImage(store, record, gzip), "STORE");
  });
});

describe("packIndex()", () => {
  it("M01 lists what is below it in order, with platforms and sorted annotations", async () => {
    await using store = await temporaryStore();
    const record = await storeImage(store, [oneFile("a")]);
    const image = await packImage(await readStoredImage(store, record), store.layerBytes, gzip);
    const descriptor = { ...image.manifest.descriptor, platform: parsePlatform("linux/arm/v6") };
    const annotations = { b: "2", a: "1" };
    const { root, images } = packIndex([{ image, descriptor }], { mediaTypes: "oci", annotations });
    assert.deepStrictEqual(JSON.parse(Buffer.from(root.bytes).toString()), {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [
        {
          ...image.manifest.descriptor,
          platform: { os: "linux", architecture: "arm", variant: "v6" },
        },
      ],
      annotations: { a: "1", b: "2" },
    });
    assert.deepStrictEqual(images, onlyImage(image).images);
  });
});

describe("an image that a build took for another platform", () => {
  it("S22 leaves its name to the image for this machine, and goes when pruned", async () => {
    await using store = await temporaryStore();
    const own = await storeImage(store, [oneFile("own")], { names: ["busybox"] });
    const other = await storeImage(store, [oneFile("other")]);
    const arm = parsePlatform("linux/arm64");
    await store.images.putAside(other, "busybox:latest", arm);
    assert.strictEqual(store.images.get("busybox").id, own.id);
    assert.strictEqual(store.images.findAside("docker.io/library/busybox", arm)?.id, other.id);
    assert.isUndefined(store.images.findAside("busybox", parsePlatform("linux/arm/v7")));
    await prune(store);
    assert.isUndefined(store.images.findAside("busybox", arm));
    assert.strictEqual(store.images.get("busybox").id, own.id);
  });
});
