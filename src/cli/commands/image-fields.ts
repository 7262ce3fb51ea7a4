import { hexOf, type Digest } from "../../oci/digest.js";
import { familiarReference, parseReference } from "../../oci/reference.js";
import type { ImageConfig } from "../../oci/image.js";
import type { ImageRecord } from "../../store/image-record.js";
import type { Store } from "../../store/store.js";

/** What stands for what is not there, as in docker. */
export const NONE = "<none>";

/** An image id for people: 12 digits, or all of it. */
export function shownId(id: Digest, whole: boolean): string {
  return whole ? id : hexOf(id).slice(0, 12);
}

/** Bytes of the uncompressed layers. */
export function sizeOf({ rootfs }: ImageConfig, { layers }: Store): number {
  return rootfs.diff_ids.reduce((sum, diffId) => sum + layers.sizeOf(diffId), 0);
}

/** When the image was made; when it came here, where its config does not say. */
export function createdAt({ created }: ImageConfig, record: ImageRecord): number {
  return created === undefined ? record.createdAt : Date.parse(created);
}

/** "web" and "latest". */
export function nameParts(
  name: string | undefined,
): Readonly<Record<"repository" | "tag", string>> {
  if (name === undefined) return { repository: NONE, tag: NONE };
  const { registry, repository, tag } = parseReference(name);
  return { repository: familiarReference({ registry, repository }), tag: tag ?? NONE };
}
