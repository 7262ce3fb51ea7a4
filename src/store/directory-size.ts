import { readdir } from "node:fs/promises";
import { toBytePath, toHostPath, type BytePath } from "../oci/changeset.js";
import { FileStat, fileTypes } from "../sys/file-stat.js";
import { isSystemError } from "../sys/system-error.js";

/** Bytes in all files below a directory; a file of several names counts once. */
export async function directorySize(directory: string): Promise<number> {
  const stat = new FileStat();
  const seen = new Set<bigint>();
  const pending = [toBytePath(directory)];
  let total = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const name of await namesIn(next)) {
      const path = `${next}/${name}` as BytePath;
      if (!stat.lstat(path)) continue;
      if (stat.type === fileTypes.directory) pending.push(path);
      if (stat.type !== fileTypes.file || (stat.nlink > 1 && seen.has(stat.inode))) continue;
      if (stat.nlink > 1) seen.add(stat.inode);
      total += stat.size;
    }
  }
  return total;
}

/** None where the directory has gone meanwhile, or become something else: a step may be writing there. */
async function namesIn(directory: BytePath): Promise<readonly string[]> {
  try {
    return await readdir(toHostPath(directory), { encoding: "latin1" });
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}
