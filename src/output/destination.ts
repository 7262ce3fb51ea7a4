import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { BuildError } from "../error.js";
import { makeDirectories } from "../sys/make-directories.js";
import { writeWhole } from "./write-whole.js";

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
  await makeDirectories(dirname(path), 0o777 & ~umask);
  await writeWhole(path, bytes, { mode: 0o666 & ~umask, signal });
}
