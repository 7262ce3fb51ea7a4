import type { Descriptor } from "../../oci/descriptor.js";
import type { Promised } from "../../oci/verified.js";

/** What a cache mount held when it was exported: a tar, in chunks. */
export interface MountRecord {
  /** With the namespace of BUILDKIT_CACHE_MOUNT_NS; for people. */
  readonly id: string;
  /** When a step last used it where it was exported, in milliseconds since the epoch. */
  readonly usedAt: number;
  /** When it was last looked whether all its blobs are there. */
  readonly checkedAt: number;
  /** In their order. */
  readonly chunks: readonly MountChunk[];
}

/** A part of the tar, and the blob that it comes as. */
export interface MountChunk extends Promised {
  readonly blob: Descriptor;
}

/** What a record of a cache mount is found by. */
export type MountName = `mount-${string}`;

/** The name of a cache mount by its identity (`cacheMountIdentity`). */
export function mountName(identity: string): MountName {
  return `mount-${identity}`;
}

/** The id as the Dockerfile has it: without the namespace, which has no slash as a rule. */
export function mountTitle(id: string): string {
  return id.slice(id.indexOf("/") + 1);
}

/** Media types of chunks. One by itself is not an archive, but all of them, one after the other, are. */
export const chunkTypes = {
  gzip: "application/vnd.tsbuild.cache.mount.v1.tar+gzip",
  zstd: "application/vnd.tsbuild.cache.mount.v1.tar+zstd",
  uncompressed: "application/vnd.tsbuild.cache.mount.v1.tar",
} as const;
