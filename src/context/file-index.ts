import type { FileStat } from "../sys/file-stat.js";

/** Remembers the digests of files between builds. */
export interface FileIndex {
  /** SHA-256 in hex of the file with exactly this stat data. */
  lookup(stat: FileStat): string | undefined;
  /** `stat` is from before the content was read. */
  record(stat: FileStat, sha256: string): void;
  /** The same for a digest that comes when `stat` is already that of another file: a number to `settle` it by. */
  reserve(stat: FileStat): number;
  /** Records the digest of the file that such a number was reserved for, once. */
  settle(reserved: number, sha256: Uint8Array): void;
}
