import { readFileSync, realpathSync } from "node:fs";
import { toBytePath } from "../oci/changeset.js";
import { unmount } from "../sys/mounts.js";

/**
 * Takes away every mount of this mount namespace in and below a directory. To be done before the
 * directory is removed: removing goes through mounts, into what is mounted.
 */
export function unmountBelow(directory: string): void {
  const real: string = toBytePath(realpathSync.native(directory));
  for (;;) {
    const points = mountPoints().filter((at) => at === real || at.startsWith(`${real}/`));
    if (points.length === 0) return;
    const known = new Set(points);
    // What is mounted in one goes with it: each call waits for the kernel, however little it takes away.
    for (const point of points) if (!isBelowAny(point, known)) unmount(point);
  }
}

function isBelowAny(point: string, others: ReadonlySet<string>): boolean {
  for (let end = point.lastIndexOf("/"); end > 0; end = point.lastIndexOf("/", end - 1)) {
    if (others.has(point.slice(0, end))) return true;
  }
  return false;
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
