import { BuildError } from "../error.js";
import { mediaTypes } from "../oci/descriptor.js";
import type { Digest } from "../oci/digest.js";
import { parseDocument, parseImageConfig } from "../oci/image-json.js";
import type { ImageRecord } from "../store/images.js";
import type { LayerRecord } from "../store/layers.js";
import type { LayerCompression } from "../store/layer-bytes.js";
import type { Store } from "../store/store.js";
import { packImage, type PackedImage, type StoredImage } from "./packed-image.js";

/** An image of the store with all its layers; STORE when one is gone. */
export async function readStoredImage(store: Store, { id }: ImageRecord): Promise<StoredImage> {
  const bytes = await store.blobs.readWhole(id);
  const value = parseImageConfig(bytes);
  const descriptor = { mediaType: mediaTypes.config, digest: id, size: bytes.byteLength };
  const layers = await findLayers(store, value.rootfs.diff_ids);
  return { config: { descriptor, bytes, value }, layers };
}

/** The layers of these DiffIDs, in order. */
export async function findLayers(
  store: Store,
  diffIds: readonly Digest[],
): Promise<readonly LayerRecord[]> {
  const layers: LayerRecord[] = [];
  for (const diffId of diffIds) {
    const record = await store.layers.findByDiffId(diffId);
    if (record === undefined) {
      throw new BuildError("STORE", `Cannot use the image: its layer ${diffId} was removed`, {
        hint: "build or pull it again",
      });
    }
    layers.push(record);
  }
  return layers;
}

/**
 * Packs an image of the store. One that was pulled keeps its manifest, byte for byte, so that it has
 * the same digest in every registry.
 */
export async function packStoredImage(
  store: Store,
  record: ImageRecord,
  options: { readonly compression: LayerCompression; readonly signal: AbortSignal },
): Promise<PackedImage> {
  const packed = await packImage(await readStoredImage(store, record), store.layerBytes, options);
  if (record.manifest === undefined) return packed;
  const bytes = await store.blobs.readWhole(record.manifest.digest);
  const document = parseDocument(bytes, record.manifest.mediaType);
  if (document.kind !== "manifest") return packed;
  const { layers } = document.manifest;
  const original = packed.layers.map(({ open }, i) => {
    const descriptor = layers[i];
    if (descriptor === undefined) throw new Error("a stored manifest has a layer for each DiffID");
    return { descriptor, open };
  });
  return {
    manifest: { descriptor: record.manifest, bytes },
    config: { ...packed.config, descriptor: document.manifest.config },
    layers: original,
  };
}
