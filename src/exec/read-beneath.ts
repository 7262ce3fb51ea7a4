import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { BuildError } from "../error.js";
import { isSystemError } from "../sys/system-error.js";
import { openBeneath } from "../sys/open-beneath.js";
import { O_CLOEXEC, O_PATH } from "../sys/open-flags.js";

const LARGEST = 16 * 1024 * 1024; // an image may hold anything under the name of /etc/passwd

/**
 * Reads a small text file of a root filesystem whose links may be hostile; undefined when there is
 * none.
 */
// eslint-disable-next-line @typescript-eslint/require-await -- a throw must become a rejection
export async function readBeneath(rootPath: string, path: string): Promise<string | undefined> {
  const fd = locate(rootPath, path);
  if (fd === undefined) return undefined;
  try {
    const stat = fstatSync(fd);
    if (stat.isFile() && stat.size <= LARGEST) return readFileSync(`/proc/self/fd/${fd}`, "utf8");
    throw unreadable(path, "not a small file");
  } finally {
    closeSync(fd);
  }
}

function locate(rootPath: string, path: string): number | undefined {
  const root = openSync(rootPath, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return openBeneath(root, path, O_PATH | O_CLOEXEC, "in-root");
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTDIR")) return undefined;
    if (isSystemError(error, "ELOOP")) throw unreadable(path, "too many links");
    throw error;
  } finally {
    closeSync(root);
  }
}

function unreadable(path: string, reason: string): BuildError {
  return new BuildError("INVALID_IMAGE", `Cannot read "/${path}" of the image: ${reason}`);
}
