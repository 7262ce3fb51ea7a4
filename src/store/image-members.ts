import type { Digest } from "../oci/digest.js";
import { parseDocument } from "../oci/image-json.js";
import type { Index } from "../oci/image.js";
import { isAttestation } from "../oci/select-platform.js";
import type { Blobs } from "./blobs.js";
import type { ImageRecord } from "./image-record.js";

/** What an image consists of. */
export interface Members {
  /** One for each platform. */
  readonly images: readonly ImageRecord[];
  /** What an index leads to: manifests, configs, and layers in the form that it names. */
  readonly blobs: readonly Digest[];
}

/** An index with what it lists. */
export interface IndexMembers extends Members {
  readonly index: Index;
}

/** Tells whether a record is of an index: then that is what its id names. */
export function isIndex({ id, manifest }: ImageRecord): boolean {
  return id === manifest?.digest;
}

/** Reads an index of the store and the manifests that it lists. */
export async function readMembers(
  record: ImageRecord,
  blobs: Pick<Blobs, "readWhole">,
): Promise<IndexMembers> {
  const document = parseDocument(await blobs.readWhole(record.id), record.manifest?.mediaType);
  if (document.kind !== "index") throw new Error(`${record.id} is the id of no index`);
  const { index } = document;
  const images: ImageRecord[] = [];
  const others: Digest[] = [record.id];
  for (const descriptor of index.manifests) {
    const { digest } = descriptor;
    const child = parseDocument(await blobs.readWhole(digest), descriptor.mediaType);
    if (child.kind !== "manifest") throw new Error(`${digest} is an index in an index`);
    const { config, layers } = child.manifest;
    others.push(digest, config.digest, ...layers.map((one) => one.digest));
    if (!isAttestation(descriptor)) {
      images.push({ ...record, id: config.digest, manifest: descriptor });
    }
  }
  return { index, images, blobs: others };
}
