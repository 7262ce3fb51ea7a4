import { mediaTypes, type Descriptor } from "../../oci/descriptor.js";
import { digestOf } from "../../oci/digest.js";
import { serializeDocument } from "../../oci/image-json.js";
import type { Manifest } from "../../oci/image.js";
import type { Stored } from "../../oci/resolved-image.js";
import type { MountRecord } from "./mount-record.js";
import { readRecord } from "./read-record.js";
import { serialize, type CacheDocument, type RemoteRecord } from "./record.js";

/** Media type of a document, the config of its manifest. */
export const DOCUMENT_TYPE = "application/vnd.tsbuild.cache.v1+json";
/** Media type of what was exported of a cache mount, the config of its manifest. */
export const MOUNT_TYPE = "application/vnd.tsbuild.cache.mount.v1+json";
/** Media type of the empty config of a record's manifest. */
const RECORD_TYPE = "application/vnd.tsbuild.cache.step.v1+json";
const RECORD_ANNOTATION = "vnd.tsbuild.cache.step";

/** A manifest with the config that it names. */
export interface CacheManifest {
  readonly config: Stored;
  readonly manifest: Stored;
}

/** A document as an artifact that registries and tools can handle: every blob is a layer of it. */
export function manifestOfDocument(document: CacheDocument): CacheManifest {
  const config = stored(serialize(document), DOCUMENT_TYPE);
  return withBlobs(
    config,
    document.steps.map(({ layer }) => layer.blob),
  );
}

/** The same of a cache mount. */
export function manifestOfMount(record: MountRecord): CacheManifest {
  const config = stored(serialize(record), MOUNT_TYPE);
  return withBlobs(
    config,
    record.chunks.map(({ blob }) => blob),
  );
}

function withBlobs(config: Stored, blobs: readonly Descriptor[]): CacheManifest {
  const unique = new Map(blobs.map((blob) => [blob.digest, blob]));
  return { config, manifest: manifestOf(config, [...unique.values()]) };
}

/** One record, whole in its manifest: found with one request. */
export function manifestOfRecord(record: RemoteRecord): CacheManifest {
  const config = stored(Buffer.from("{}"), RECORD_TYPE);
  const annotations = { [RECORD_ANNOTATION]: serialize(record).toString() };
  return { config, manifest: manifestOf(config, [record.layer.blob], annotations) };
}

/** The record in a manifest; undefined of any other manifest. */
export function recordInManifest({ annotations }: Manifest): RemoteRecord | undefined {
  const text = annotations?.[RECORD_ANNOTATION];
  return text === undefined ? undefined : readRecord(Buffer.from(text));
}

function manifestOf(
  config: Stored,
  layers: readonly Descriptor[],
  annotations?: Manifest["annotations"],
): Stored {
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: config.descriptor,
    layers,
    ...(annotations === undefined ? {} : { annotations }),
  };
  return stored(serializeDocument(manifest), mediaTypes.manifest);
}

function stored(bytes: Uint8Array, mediaType: string): Stored {
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.byteLength }, bytes };
}
