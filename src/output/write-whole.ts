import { randomUUID } from "node:crypto";
import { renameSync } from "node:fs";
import { open, rename, rm, writeFile, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { toBytePath } from "../oci/changeset.js";
import { isSystemError } from "../sys/system-error.js";
import { nameFile, openUnnamed } from "../sys/unnamed-file.js";

/** How a file is written. */
export interface Writing {
  readonly mode: number;
  readonly signal?: AbortSignal;
}

/**
 * Writes a file that appears whole or not at all, in the place of one that may be there. What a kill leaves behind
 * has no name, where the filesystem has such files.
 */
export async function writeWhole(
  path: string,
  content: AsyncIterable<Uint8Array> | string,
  { mode, ...options }: Writing,
): Promise<void> {
  const partial = `${path}.${randomUUID()}.partial`;
  const unnamed = await openUnnamed(dirname(path), mode);
  try {
    await using file = unnamed ?? (await open(partial, "wx", mode).catch(naming(path, "open")));
    await writeFile(file, content, options).catch(naming(path, "write"));
    if (unnamed === undefined) await rename(partial, path);
    else publish(unnamed, path, partial);
  } finally {
    await rm(partial, { force: true });
  }
}

/**
 * What a file is called until it is whole is no business of who asked for it. Failures of another call
 * are of what is read meanwhile.
 */
function naming(path: string, call: "open" | "write"): (error: unknown) => never {
  return (error) => {
    if (isSystemError(error) && "syscall" in error && error.syscall === call) {
      throw Object.assign(error, { path });
    }
    throw error;
  };
}

/** Without waiting in between: who is killed there leaves the other name. */
function publish(file: FileHandle, path: string, partial: string): void {
  try {
    nameFile(file, toBytePath(path));
  } catch (error) {
    if (!isSystemError(error, "EEXIST")) throw error;
    nameFile(file, toBytePath(partial));
    renameSync(partial, path);
  }
}
