import { BuildError } from "../error.js";
import { mediaTypes, type Descriptor } from "../oci/descriptor.js";
import type { Digest } from "../oci/digest.js";
import { parseDocument, parseImageConfig } from "../oci/image-json.js";
import type { Manifest } from "../oci/image.js";
import { isAttestation } from "../oci/select-platform.js";
import { isIndex } from "../store/image-members.js";
import type { ImageRecord } from "../store/image-record.js";
import type { LayerRecord } from "../store/layers.js";
import type { Store } from "../store/store.js";
import { statementType } from "./attestation.js";
import {
  onlyImage,
  packImage,
  type PackOptions,
  type PackedImage,
  type PackedLayer,
  type PackedRoot,
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
 * the same digest in every registry; unless one of its layers was here already in another form. An index
 * stays what it is, with all that it lists.
 */
export async function packStoredImage(
  store: Store,
  record: ImageRecord,
  options: Pick<PackOptions, "compression" | "signal">,
): Promise<PackedRoot> {
  if (record.manifest !== undefined && isIndex(record)) {
    return await packStoredIndex(store, record.manifest);
  }
  const image = await readStoredImage(store, record);
  return onlyImage(
    (await packAsRecorded(store, record, image)) ??
      (await packImage(image, store.layerBytes, options)),
  );
}

async function packStoredIndex(store: Store, descriptor: Descriptor): Promise<PackedRoot> {
  const bytes = await store.blobs.readWhole(descriptor.digest);
  const document = parseDocument(bytes, descriptor.mediaType);
  const listed = document.kind === "index" ? document.index.manifests : [];
  const images: PackedImage[] = [];
  for (const child of listed) images.push(await packListed(store, child));
  return { root: { descriptor, bytes }, images };
}

/** What an index lists has the manifest that the index names, and no other. */
async function packListed(store: Store, manifest: Descriptor): Promise<PackedImage> {
  const bytes = await store.blobs.readWhole(manifest.digest);
  const document = parseDocument(bytes, manifest.mediaType);
  if (document.kind !== "manifest") throw new Error(`${manifest.digest} is an index in an index`);
  const { config } = document.manifest;
  const configBytes = await store.blobs.readWhole(config.digest);
  const records = isAttestation(manifest)
    ? []
    : await findLayers(store, parseImageConfig(configBytes).rootfs.diff_ids);
  const layers = await originalLayers(store, document.manifest, records);
  if (layers === undefined) {
    throw new BuildError(
      "STORE",
      `Cannot use the image: a layer of ${manifest.digest} was removed`,
      {
        hint: "build it again",
      },
    );
  }
  return {
    manifest: { descriptor: manifest, bytes },
    config: { descriptor: config, bytes: configBytes },
    layers,
  };
}

/** Keeps the documents of an image as blobs, so that the store can pack it as it is; attestations whole. */
export async function keepDocuments({ root, images }: PackedRoot, { blobs }: Store): Promise<void> {
  for (const { manifest, config, layers } of images) {
    for (const { descriptor, open } of layers)
      if (descriptor.mediaType === statementType) await blobs.write(open(), descriptor);
    await blobs.writeWhole(config.bytes);
    await blobs.writeWhole(manifest.bytes);
  }
  await blobs.writeWhole(root.bytes);
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
