import { assert } from "chai";
import { gunzipSync, gzipSync } from "node:zlib";
import { dockerMediaTypes, mediaTypes } from "../../src/oci/descriptor.js";
import { digestOf } from "../../src/oci/digest.js";
import { parseDocument, serializeConfig } from "../../src/oci/image-json.js";
import type { Manifest } from "../../src/oci/image.js";
import { packImage, type PackedImage } from "../../src/output/packed-image.js";
import { packStoredImage, readStoredImage } from "../../src/output/stored-image.js";
import { recordImage } from "../../src/cli/image-finder.js";
import { ingestImage } from "../../src/store/image-ingest.js";
import { asGzip, asTar } from "../../src/store/layer-bytes.js";
import type { Store } from "../../src/store/store.js";
import { chunked, collect } from "../oci/bytes.js";
import { failureOf } from "../oci/build-errors.js";
import { oneFile, temporaryStore } from "../store/fixture.js";
import { storeImage } from "./store-image.js";

const never = new AbortController().signal;
const gzip = { compression: asGzip, signal: never } as const;
const none = { compression: asTar, signal: never } as const;

/** A manifest as another tool might write it: with blanks, and a field that we do not know. */
function foreignManifest(manifest: Manifest): Buffer {
  return Buffer.from(JSON.stringify({ ...manifest, "x-tool": "1" }, undefined, 3));
}

/** Puts an image into the store as a pull does. */
async function pulled(store: Store) {
  const tar = Buffer.alloc(1024);
  const blob = gzipSync(tar, { level: 1 });
  const layer = { mediaType: mediaTypes.layerGzip, digest: digestOf(blob), size: blob.length };
  const config = {
    os: "linux",
    architecture: "amd64",
    rootfs: { type: "layers", diff_ids: [digestOf(tar)] },
  } as const;
  const configBytes = serializeConfig(config);
  const configDescriptor = {
    mediaType: mediaTypes.config,
    digest: digestOf(configBytes),
    size: configBytes.byteLength,
  };
  const value: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: configDescriptor,
    layers: [layer],
  };
  const bytes = foreignManifest(value);
  const descriptor = {
    mediaType: mediaTypes.manifest,
    digest: digestOf(bytes),
    size: bytes.length,
  };
  const source = { open: () => chunked(blob) };
  await ingestImage(store, { name: "x", manifest: value, config, source }, never);
  const record = await recordImage(
    store,
    {
      config: { descriptor: configDescriptor, bytes: configBytes, value: config },
      manifest: { descriptor, bytes, value },
    },
    ["x"],
  );
  return { record, manifest: bytes, blob };
}

/** An image that is in no index. */
async function packedOnly(...given: Parameters<typeof packStoredImage>): Promise<PackedImage> {
  const { root, images } = await packStoredImage(...given);
  const [image] = images;
  if (image === undefined) throw new Error("nothing was packed");
  assert.deepStrictEqual(root, image.manifest);
  return image;
}

describe("packStoredImage()", () => {
  it("compresses layers, and gives the same manifest each time", async () => {
    await using store = await temporaryStore();
    const record = await storeImage(store, [oneFile("one"), oneFile("two")]);
    const packed = await packedOnly(store, record, gzip);
    const document = parseDocument(packed.manifest.bytes);
    if (document.kind !== "manifest") throw new Error("it is not a manifest");
    assert.strictEqual(document.manifest.config.digest, record.id);
    assert.deepStrictEqual(
      document.manifest.layers,
      packed.layers.map(({ descriptor }) => descriptor),
    );
    const { config, layers } = await readStoredImage(store, record);
    for (const [i, { descriptor, open }] of packed.layers.entries()) {
      const bytes = await collect(open());
      assert.strictEqual(digestOf(bytes), descriptor.digest);
      assert.strictEqual(bytes.byteLength, descriptor.size);
      assert.strictEqual(digestOf(gunzipSync(bytes)), config.value.rootfs.diff_ids[i]);
      assert.strictEqual(layers[i]?.diffId, config.value.rootfs.diff_ids[i]);
      assert.deepStrictEqual(await collect(open()), bytes, "a second time");
    }
    const again = await packedOnly(store, record, gzip);
    assert.deepStrictEqual(again.manifest.descriptor, packed.manifest.descriptor);
  });

  it("leaves layers as they are without compression", async () => {
    await using store = await temporaryStore();
    const record = await storeImage(store, [oneFile("one")]);
    const { layers } = await packedOnly(store, record, none);
    const { config } = await readStoredImage(store, record);
    assert.strictEqual(layers[0]?.descriptor.digest, config.value.rootfs.diff_ids[0]);
    assert.strictEqual(layers[0]?.descriptor.mediaType, mediaTypes.layer);
  });

  for (const options of [gzip, none]) {
    it(`keeps what was pulled, byte for byte, with compression ${options.compression.type}`, async () => {
      await using store = await temporaryStore();
      const { record, manifest, blob } = await pulled(store);
      const packed = await packedOnly(store, record, options);
      assert.deepStrictEqual(Buffer.from(packed.manifest.bytes), manifest);
      assert.strictEqual(packed.manifest.descriptor.digest, digestOf(manifest));
      const [layer] = packed.layers;
      assert.deepStrictEqual(layer && (await collect(layer.open())), blob);
      assert.strictEqual(layer?.descriptor.digest, digestOf(blob));
    });
  }

  it("O12 has Docker's media types where they are asked for, and the same bytes", async () => {
    await using store = await temporaryStore();
    const image = await readStoredImage(store, await storeImage(store, [oneFile("one")]));
    const oci = await packImage(image, store.layerBytes, gzip);
    const docker = await packImage(image, store.layerBytes, { ...gzip, mediaTypes: "docker" });
    const { manifest, config, layers } = docker;
    assert.strictEqual(manifest.descriptor.mediaType, dockerMediaTypes.manifest);
    assert.strictEqual(config.descriptor.mediaType, dockerMediaTypes.config);
    assert.strictEqual(config.descriptor.digest, oci.config.descriptor.digest);
    assert.strictEqual(layers[0]?.descriptor.mediaType, dockerMediaTypes.layerGzip);
    assert.strictEqual(layers[0]?.descriptor.digest, oci.layers[0]?.descriptor.digest);
    assert.deepInclude(parseDocument(manifest.bytes), { kind: "manifest" });
  });

  it("O12 O14 refuses Docker's media types for a layer that Docker has no name for", async () => {
    await using store = await temporaryStore();
    const image = await readStoredImage(store, await storeImage(store, [oneFile("one")]));
    const compression = { type: "zstd" } as const;
    const packing = packImage(image, store.layerBytes, {
      compression,
      signal: never,
      mediaTypes: "docker",
    });
    const error = await failureOf(packing, "OUTPUT");
    assert.match(
      error.message,
      /^Cannot use oci-mediatypes=false: Docker has no name for ".*zstd"$/,
    );
  });

  it("O16 H09 writes annotations into the manifest, in one order", async () => {
    await using store = await temporaryStore();
    const image = await readStoredImage(store, await storeImage(store, [oneFile("one")]));
    const pack = (annotations: Readonly<Record<string, string>>) =>
      packImage(image, store.layerBytes, { ...gzip, annotations });
    const { bytes } = (await pack({ b: "2", a: "1" })).manifest;
    assert.deepStrictEqual(bytes, (await pack({ a: "1", b: "2" })).manifest.bytes);
    const text = Buffer.from(bytes).toString();
    assert.include(text, '\n  "annotations": {\n    "a": "1",\n    "b": "2"\n  }\n}');
  });

  it("says which layer was removed", async () => {
    await using store = await temporaryStore();
    const record = await storeImage(store, [oneFile("one")]);
    const [layer] = store.layers.list();
    if (layer === undefined) throw new Error("there is a layer");
    await store.layers.remove(layer);
    const error = await failureOf(packStoredImage(store, record, gzip), "STORE");
    assert.strictEqual(
      error.message,
      `Cannot use the image: its layer ${layer.diffId} was removed`,
    );
  });
});
