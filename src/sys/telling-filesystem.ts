import { statfsSync } from "node:fs";
import { FileStat } from "./file-stat.js";

/**
 * By statfs(2): ext2 to ext4, XFS, Btrfs and tmpfs. POSIX demands it of every filesystem, but what is far away, or made by a
 * program, may not know what others did, or lag behind.
 */
const telling: ReadonlySet<number> = new Set([0xef53, 0x58465342, 0x9123683e, 0x01021994]);

/**
 * The filesystem that the directory `path` (latin1 for bytes) is in, as a `FileStat` has it, where directories surely show in
 * their times whether names came or went; undefined for any other.
 */
export function tellingFilesystem(path: string): string | undefined {
  if (!telling.has(statfsSync(Buffer.from(path, "latin1")).type)) return undefined;
  const stat = new FileStat();
  return stat.lstat(path) ? stat.filesystem : undefined;
}
