import { randomUUID } from "node:crypto";
import { renameSync } from "node:fs";
import { open, rename, rm, unlink, writeFile, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { toBytePath } from "../oci/changeset.js";
import { isSystemError } from "../sys/system-error.js";
import { nameFile, openUnnamed } from "../sys/unnamed-file.js";
import { placeOf } from "./file-place.js";

/** How a file is written. */
export interface Writing {
  readonly mode: number;
  readonly signal?: AbortSignal;
}

/**
 * Writes a file that appears whole or not at all, in the place of one that may be there; links stay. What a kill leaves
 * behind has no name, where the filesystem has such files. A pipe or a device is written to, an open file is added to.
 */
export async function writeWhole(
  name: string,
  content: AsyncIterable<Uint8Array> | string,
  writing: Writing,
): Promise<void> {
  const { path, isSpecial } = await placeOf(name).catch(naming(name));
  if (isSpecial) await writeInto({ path, name }, content, writing);
  else await replace({ path, name }, content, writing);
}

/** Removes the file that `writeWhole` would replace; none is fine. */
export async function removeFile(name: string): Promise<void> {
  try {
    const { path, isSpecial } = await placeOf(name);
    if (!isSpecial) await unlink(path);
  } catch (error) {
    if (!isSystemError(error, "ENOENT")) throw error;
  }
}

/** A file, and what it is called by who asked for it. */
interface Named {
  readonly path: string;
  readonly name: string;
}

async function replace(
  { path, name }: Named,
  content: AsyncIterable<Uint8Array> | string,
  { mode, ...options }: Writing,
): Promise<void> {
  const partial = `${path}.${randomUUID()}.partial`;
  const unnamed = await openUnnamed(dirname(path), mode);
  try {
    await using file = unnamed ?? (await open(partial, "wx", mode).catch(naming(name, "open")));
    await writeFile(file, content, options).catch(naming(name, "write"));
    if (unnamed === undefined) await rename(partial, path);
    else publish(unnamed, path, partial);
  } finally {
    await rm(partial, { force: true });
  }
}

async function writeInto(
  { path, name }: Named,
  content: AsyncIterable<Uint8Array> | string,
  { signal }: Pick<Writing, "signal">,
): Promise<void> {
  await using file = await open(path, "a").catch(naming(name, "open"));
  await writeFile(file, content, { signal }).catch(naming(name, "write"));
}

/** What else it is called is no business of who asked for it. Failures of another call are of what is read meanwhile. */
function naming(name: string, call?: "open" | "write"): (error: unknown) => never {
  return (error) => {
    if (isSystemError(error) && "syscall" in error && (call ?? error.syscall) === error.syscall) {
      throw Object.assign(error, { path: name });
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
