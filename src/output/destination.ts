import { randomUUID } from "node:crypto";
import { createWriteStream, renameSync } from "node:fs";
import { mkdir, open, rename, rm, stat, writeFile, type FileHandle } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { BuildError } from "../error.js";
import { toBytePath } from "../oci/changeset.js";
import { isSystemError } from "../sys/system-error.js";
import { nameFile, openUnnamed } from "../sys/unnamed-file.js";

/** The world of a command, as far as an exporter cares. */
export interface Outlet {
  /** Standard output. */
  readonly stream: Writable;
  readonly isTerminal: boolean;
  /** The user's, for what is written for the user. */
  readonly umask: number;
}

/**
 * Writes to a file, or to standard output for "-". A file appears whole or not at all; a terminal is
 * refused (SEMANTICS.md O22).
 */
export async function writeTo(
  dest: string,
  bytes: AsyncIterable<Uint8Array>,
  { stream, isTerminal, umask }: Outlet,
  signal: AbortSignal,
): Promise<void> {
  if (dest !== "-") {
    await writeFileWhole(dest, bytes, umask, signal);
    return;
  }
  if (isTerminal) {
    throw new BuildError("OUTPUT", "Cannot write an archive to a terminal", {
      hint: "redirect standard output, or name a file",
    });
  }
  await pipeline(Readable.from(bytes), stream, { signal, end: false });
}

async function writeFileWhole(
  dest: string,
  bytes: AsyncIterable<Uint8Array>,
  umask: number,
  signal: AbortSignal,
): Promise<void> {
  const path = resolve(dest);
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() === true) {
    throw new BuildError("OUTPUT", `Cannot write to "${dest}": it is a directory`);
  }
  if (found !== undefined && !found.isFile()) {
    await pipeline(Readable.from(bytes), createWriteStream(path), { signal }); // a pipe or a device
    return;
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o777 & ~umask });
  const mode = 0o666 & ~umask;
  const partial = `${path}.${randomUUID()}.partial`;
  const unnamed = await openUnnamed(dirname(path), mode);
  try {
    await using file = unnamed ?? (await open(partial, "wx", mode));
    await writeFile(file, bytes, { signal });
    if (unnamed === undefined) await rename(partial, path);
    else publish(unnamed, path, partial);
  } finally {
    await rm(partial, { force: true });
  }
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
