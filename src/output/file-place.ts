import type { Stats } from "node:fs";
import { readlink, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { isSystemError } from "../sys/system-error.js";

/** Where a file is to be. */
export interface FilePlace {
  /** Behind all links, which stay. */
  readonly path: string;
  /** A pipe, a device, or an open file by its name in /proc, which /dev/stdout leads to: not to be replaced. */
  readonly isSpecial: boolean;
}

/** Where a path leads to, whether anything is there or not. */
export async function placeOf(path: string): Promise<FilePlace> {
  const found = await stat(path).catch(nothing); // also tells of links that lead to each other
  for (let at = path; ;) {
    const place = join(await realpath(dirname(at)), basename(at));
    if (place.startsWith("/proc/")) return { path: place, isSpecial: true };
    const target = await readlink(place).catch(nothing);
    if (target === undefined)
      return { path: place, isSpecial: found !== undefined && !isPlain(found) };
    at = resolve(dirname(place), target);
  }
}

function isPlain(stats: Stats): boolean {
  return stats.isFile() || stats.isDirectory();
}

/** Of what is not there, or is no link. */
function nothing(error: unknown): undefined {
  if (!isSystemError(error, "ENOENT", "EINVAL")) throw error;
}
