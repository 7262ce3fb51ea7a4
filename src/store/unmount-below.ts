import { readFile, realpath } from "node:fs/promises";
import { toBytePath } from "../oci/changeset.js";
import { unmount } from "../sys/syscalls.js";

/**
 * Takes away every mount of this mount namespace in and below a directory. To be done before the
 * directory is removed: removing goes through mounts, into what is mounted.
 */
export async function unmountBelow(directory: string): Promise<void> {
  const real: string = toBytePath(await realpath(directory));
  // The latest first: mounts may lie upon each other.
  for (const point of (await mountPoints()).reverse()) {
    if (point === real || point.startsWith(`${real}/`)) unmount(point);
  }
}

/** In the order of mounting, as bytes (proc(5), /proc/pid/mountinfo, field 5). */
async function mountPoints(): Promise<string[]> {
  const text = await readFile("/proc/self/mountinfo", "latin1");
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => unescape(line.split(" ")[4] ?? ""));
}

/** Blanks and backslashes are there as three octal digits. */
function unescape(point: string): string {
  return point.replace(/\\([0-7]{3})/g, (_, code: string) => {
    return String.fromCharCode(parseInt(code, 8));
  });
}
