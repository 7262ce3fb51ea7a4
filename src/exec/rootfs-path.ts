import { lstatSync, readlinkSync } from "node:fs";
import { posix } from "node:path";
import { BuildError } from "../error.js";
import { isSystemError } from "../sys/system-error.js";
import { MAX_SYMLINKS } from "../sys/limits.js";

/** Where a path of the image leads, its links followed inside the root. */
export interface RootfsPath {
  /** Absolute in the root, free of links and dots: "/run/systemd/resolve". */
  readonly path: string;
  /** How many of its last components are not there yet. */
  readonly missing: number;
}

/**
 * Follows `path` inside the root, dangling links too, so that what is missing can be made at its
 * end. Safe only while nobody else changes the root: before its process starts.
 */
export function resolveInRootfs(rootPath: string, path: string): RootfsPath {
  const ahead = path.split("/").reverse();
  const found: string[] = [];
  let missing = 0;
  let links = 0;
  for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
    if (name === "" || name === ".") continue;
    if (name === "..") {
      if (found.pop() !== undefined && missing > 0) missing--;
      continue;
    }
    const target = missing > 0 ? undefined : look(posix.join(rootPath, ...found, name));
    if (typeof target === "string") {
      if (++links > MAX_SYMLINKS) {
        throw new BuildError("SANDBOX", `Cannot use "${path}" in the image: too many links`);
      }
      ahead.push(...target.split("/").reverse());
      if (target.startsWith("/")) found.length = 0;
      continue;
    }
    if (target === undefined) missing++;
    found.push(name);
  }
  return { path: `/${found.join("/")}`, missing };
}

/** A link's target; true for anything else that is there. */
function look(path: string): string | true | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : true;
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    if (isSystemError(error, "ENOTDIR")) {
      throw new BuildError("SANDBOX", `Cannot use "${posix.basename(path)}" below a file`, {
        cause: error,
      });
    }
    throw error;
  }
}
