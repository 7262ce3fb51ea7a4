import { BuildError } from "../error.js";
import { mediaTypes } from "../oci/descriptor.js";
import type { Digest } from "../oci/digest.js";
import { parseDocument, parseImageConfig } from "../oci/image-json.js";
import type { Manifest } from "../oci/image.js";
import type { ImageRecord } from "../store/images.js";
import type { LayerRecord } from "../store/layers.js";
import type { Store } from "../store/store.js";
import {
  packImage,
  type PackedImage,
  type PackedLayer,
  type PackOptions,
  type StoredImage,
} from "./packed-image.js";

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
 * the same digest in every registry; unless one of its layers was here already in another form.
 */
export async function packStoredImage(
  store: Store,
  record: ImageRecord,
  options: Pick<PackOptions, "compression" | "signal">,
): Promise<PackedImage> {
  const image = await readStoredImage(store, record);
  return (
    (await packAsRecorded(store, record, image)) ??
    (await packImage(image, store.layerBytes, options))
  );
}

/** With the manifest that is recorded; undefined where there is none, or a part of it is gone. */
async function packAsRecorded(
  store: Store,
  record: ImageRecord,
  { config, layers: records }: StoredImage,
): Promise<PackedImage | undefined> {
  if (record.manifest === undefined) return undefined;
  const bytes = await store.blobs.readWhole(record.manifest.digest);
  const document = parseDocument(bytes, record.manifest.mediaType);
  if (document.kind !== "manifest") return undefined;
  const layers = await originalLayers(store, document.manifest, records);
  if (layers === undefined) return undefined;
  return {
    manifest: { descriptor: record.manifest, bytes },
    config: { ...config, descriptor: document.manifest.config },
    layers,
  };
}

/** The layers under the names that the manifest gives them; undefined where the store lacks one. */
async function originalLayers(
  { blobs, layerBytes }: Store,
  manifest: Manifest,
  records: readonly LayerRecord[],
): Promise<readonly PackedLayer[] | undefined> {
  const layers: PackedLayer[] = [];
  for (const [i, descriptor] of manifest.layers.entries()) {
    const { digest } = descriptor;
    const record = records[i];
    if (await blobs.has(digest)) layers.push({ descriptor, open: () => blobs.read(digest) });
    else if (record?.diffId === digest)
      layers.push({ descriptor, open: () => layerBytes.tar(record) });
    else return undefined;
  }
  return layers;
}
