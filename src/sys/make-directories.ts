import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { isSystemError } from "./system-error.js";

/**
 * Makes a directory and those above it where they are missing. Node's own way never ends where the filesystem says of a
 * directory that is there that it is not, as /proc does.
 */
export async function makeDirectories(path: string, mode: number): Promise<void> {
  const made = await make(path, mode);
  if (made || dirname(path) === path) return;
  await makeDirectories(dirname(path), mode);
  await mkdir(path, { mode }).catch(unlessThere);
}

/** False where the one above it is missing. */
async function make(path: string, mode: number): Promise<boolean> {
  try {
    await mkdir(path, { mode });
    return true;
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return false;
    unlessThere(error);
    return true;
  }
}

/** Whether it is a directory tells who writes into it. */
function unlessThere(error: unknown): void {
  if (!isSystemError(error, "EEXIST", "EISDIR")) throw error;
}
