import { assert } from "chai";
import { gzipSync } from "node:zlib";
import { readdirSync } from "node:fs";
import { mediaTypes, type Descriptor } from "../../src/oci/descriptor.js";
import { digestOf, type Digest } from "../../src/oci/digest.js";
import { writeLayerTar } from "../../src/oci/layer-tar.js";
import { ingestImage, type ImageToIngest } from "../../src/store/image-ingest.js";
import { asTar } from "../../src/store/layer-bytes.js";
import type { Store } from "../../src/store/store.js";
import { collect, failure, oneFile, streamOf, temporaryStore } from "./fixture.js";

interface TestLayer {
  readonly diffId: Digest;
  readonly descriptor: Descriptor;
  readonly blob: Buffer;
  readonly tar: Buffer;
}

/** A layer as another tool would write it: padded to ten kilobytes. */
async function foreignLayer(text: string): Promise<TestLayer> {
  const tar = Buffer.concat([await collect(writeLayerTar(oneFile(text))), Buffer.alloc(8192)]);
  const blob = gzipSync(tar);
  const descriptor = {
    mediaType: mediaTypes.layerGzip,
    digest: digestOf(blob),
    size: blob.byteLength,
  };
  return { diffId: digestOf(tar), descriptor, blob, tar };
}

/** An image of these layers, and how often each was opened. */
function imageOf(layers: readonly TestLayer[]) {
  const opened: Digest[] = [];
  const image: ImageToIngest = {
    name: "test",
    manifest: {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: { mediaType: mediaTypes.config, digest: digestOf(""), size: 0 },
      layers: layers.map(({ descriptor }) => descriptor),
    },
    config: {
      architecture: "amd64",
      os: "linux",
      rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    },
    source: {
      open: (descriptor) => {
        opened.push(descriptor.digest);
        const layer = layers.find((one) => one.descriptor.digest === descriptor.digest);
        assert.isDefined(layer);
        return streamOf(layer.blob, 100);
      },
    },
  };
  return { image, opened };
}

const signal = new AbortController().signal;

async function assertNothingLeft(store: Store): Promise<void> {
  assert.deepStrictEqual(store.layers.list(), []);
  assert.deepStrictEqual(await store.snapshotter.list(), []);
  assert.deepStrictEqual(readdirSync(store.work), ["owner"]);
}

describe("ingestImage()", () => {
  it("makes the layers in order, and keeps their blobs as they came", async () => {
    await using store = await temporaryStore();
    const layers = await Promise.all(["a", "b", "c", "d", "e"].map(foreignLayer));
    const { image, opened } = imageOf(layers);
    const chain = await ingestImage(store, image, signal);
    assert.lengthOf(opened, 5);
    assert.lengthOf(chain, 5);
    for (const [index, { diffId, descriptor, blob, tar }] of layers.entries()) {
      const record = store.layers.get(chain[index] ?? assert.fail());
      assert.deepInclude(record, { diffId, origin: "pulled", size: tar.byteLength });
      assert.deepStrictEqual(await store.layerBytes.compressed(record, asTar), descriptor);
      assert.deepStrictEqual(await collect(store.layerBytes.open(record, descriptor)), blob);
      assert.deepStrictEqual(await collect(store.layerBytes.tar(record)), tar);
    }
  });

  it("fetches no layer that is known by its DiffID, and a repeated one once", async () => {
    await using store = await temporaryStore();
    const [a, b] = [await foreignLayer("a"), await foreignLayer("b")];
    const first = await ingestImage(store, imageOf([a, a]).image, signal);
    const { image, opened } = imageOf([a, b, a]);
    const chain = await ingestImage(store, image, signal);
    assert.deepStrictEqual(opened, [b.descriptor.digest]);
    assert.strictEqual(first[1], first[0]);
    assert.strictEqual(chain[0], first[0]);
    assert.strictEqual(chain[2], first[0]);
  });

  it("pulls of the same image at once fetch each layer once", async () => {
    await using store = await temporaryStore();
    const layers = [await foreignLayer("a"), await foreignLayer("b")];
    const { image, opened } = imageOf(layers);
    const chains = await Promise.all([1, 2, 3].map(() => ingestImage(store, image, signal)));
    assert.lengthOf(opened, 2);
    assert.deepStrictEqual(chains[1], chains[0]);
    assert.deepStrictEqual(chains[2], chains[0]);
  });

  it("unpacks a blob that is there without fetching it", async () => {
    await using store = await temporaryStore();
    const layer = await foreignLayer("a");
    await store.blobs.writeWhole(layer.blob);
    const { image, opened } = imageOf([layer]);
    await ingestImage(store, image, signal);
    assert.deepStrictEqual(opened, []);
  });

  it("tells how many bytes of which layer have come", async () => {
    await using store = await temporaryStore();
    const layer = await foreignLayer("a");
    const seen: number[] = [];
    const onProgress = (of: Descriptor, current: number) => {
      assert.deepStrictEqual(of, layer.descriptor);
      seen.push(current);
    };
    await ingestImage(store, { ...imageOf([layer]).image, onProgress }, signal);
    assert.deepStrictEqual(
      seen,
      [...seen].sort((a, b) => a - b),
    );
    assert.strictEqual(seen.at(-1), layer.blob.byteLength);
  });

  it("refuses a blob that is not what the manifest names", async () => {
    await using store = await temporaryStore();
    const layer = await foreignLayer("a");
    const blob = gzipSync(layer.tar, { level: 1 });
    blob[9] = 7; // still good gzip of the same tar
    const error = await failure(ingestImage(store, imageOf([{ ...layer, blob }]).image, signal));
    assert.strictEqual(error.code, "DIGEST_MISMATCH");
    await assertNothingLeft(store);
    assert.deepStrictEqual(await store.blobs.list(), []);
  });

  it("refuses a layer that is not what the config names", async () => {
    await using store = await temporaryStore();
    const layer = { ...(await foreignLayer("a")), diffId: digestOf("another") };
    const error = await failure(ingestImage(store, imageOf([layer]).image, signal));
    assert.strictEqual(error.code, "DIGEST_MISMATCH");
    assert.include(error.message, `unpacks to ${digestOf((await foreignLayer("a")).tar)}`);
    await assertNothingLeft(store);
  });

  it("refuses a config with another number of layers", async () => {
    await using store = await temporaryStore();
    const { image } = imageOf([await foreignLayer("a")]);
    const manifest = { ...image.manifest, layers: [] };
    const error = await failure(ingestImage(store, { ...image, manifest }, signal));
    assert.strictEqual(error.code, "INVALID_IMAGE");
  });

  it("a layer that fails stops the others, and its error is the one reported", async () => {
    await using store = await temporaryStore();
    const layers = [await foreignLayer("a"), await foreignLayer("b")];
    const { image } = imageOf(layers);
    const reason = new Error("connection lost");
    let aborted = false;
    const source = {
      open: async function* (descriptor: Descriptor, stop: AbortSignal) {
        yield* streamOf(layers[0]?.blob.subarray(0, 10) ?? assert.fail());
        if (descriptor === image.manifest.layers[0]) throw reason;
        await new Promise((resolve) => {
          stop.addEventListener("abort", resolve);
        });
        aborted = true;
        stop.throwIfAborted();
      },
    };
    const got: unknown = await ingestImage(store, { ...image, source }, signal).catch(
      (error: unknown) => error,
    );
    assert.strictEqual(got, reason);
    assert.isTrue(aborted);
    await assertNothingLeft(store);
  });

  it("stops with the reason of its signal", async () => {
    await using store = await temporaryStore();
    const reason = new Error("enough");
    const { image } = imageOf([await foreignLayer("a")]);
    const got: unknown = await ingestImage(store, image, AbortSignal.abort(reason)).catch(
      (error: unknown) => error,
    );
    assert.strictEqual(got, reason);
  });
});
