import { readFileSync, realpathSync } from "node:fs";
import { toBytePath } from "../oci/changeset.js";
import { unmount } from "../sys/mounts.js";

/**
 * Takes away every mount of this mount namespace in and below a directory. To be done before the
 * directory is removed: removing goes through mounts, into what is mounted.
 */
export function unmountBelow(directory: string): void {
  const real: string = toBytePath(realpathSync.native(directory));
  // The latest first: mounts may lie upon each other.
  for (const point of mountPoints().reverse()) {
    if (point === real || point.startsWith(`${real}/`)) unmount(point);
  }
}

/** In the order of mounting, as bytes (proc(5), /proc/pid/mountinfo, field 5). */
function mountPoints(): string[] {
  const text = readFileSync("/proc/self/mountinfo", "latin1");
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => unescape(line.split(" ")[4] ?? ""));
}

/** Blanks and backslashes are there as three octal digits. */
function unescape(point: string): string {
  return point.replace(/\\([0-7]{3})/g, (_, code: string) => {
    return String.fromCharCode(parseInt(code, 8));
  });
}
