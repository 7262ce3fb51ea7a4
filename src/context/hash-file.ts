import { createHash, hash } from "node:crypto";
import { closeSync, read } from "node:fs";
import { promisify } from "node:util";
import { BuildError } from "../error.js";
import { toText, type BytePath, type FileVersion } from "../oci/changeset.js";
import { FileStat } from "../sys/file-stat.js";
import { closeFile, readSome } from "../sys/small-files.js";
import type { ConfinedDirectory } from "./confined.js";

const readAsync = promisify(read);

/** Files up to this size are read in one go, without waiting: ten times faster than a stream. */
export const smallFile = 256 * 1024;

/** Shared by all: nothing else runs between filling and hashing it. */
const buffer = Buffer.allocUnsafeSlow(smallFile);

const stat = new FileStat();

/** SHA-256 of nothing, in hex. */
export const emptySha256 = hash("sha256", "", "hex");

/** A file in an open directory, and its path for messages. */
export interface HashedFile {
  readonly directory: ConfinedDirectory;
  readonly name: BytePath;
  readonly path: BytePath;
}

/**
 * SHA-256 in hex of a file's first `size` bytes, which statx has promised: should it grow meanwhile
 * (a log), only those count. Throws CONTEXT when they are not there any more.
 */
export async function hashLarge(file: HashedFile, size: number): Promise<string> {
  const fd = file.directory.openFile(file.name);
  try {
    return (await hashParts(fd, size)) ?? tooShort(file.path);
  } finally {
    closeSync(fd);
  }
}

/** What was read of a file. */
export interface SmallFile {
  readonly sha256: string;
  /** Valid until the next one is read. Undefined where they are not surely those of the version asked for. */
  readonly bytes: Uint8Array | undefined;
}

/** A small file that is read as a whole. */
interface Wanted {
  readonly path: BytePath;
  readonly size: number;
  readonly version: FileVersion | undefined;
}

/** The same for at most `smallFile` bytes, without waiting; with the bytes where a version is asked for. */
export function readSmall(
  file: HashedFile,
  size: number,
  version: FileVersion | undefined,
): SmallFile {
  if (size === 0) return { sha256: emptySha256, bytes: undefined };
  const { path } = file;
  return readOpened(file.directory.openFile(file.name), { path, size, version });
}

/** The same of a file that is open, and is closed then. */
export function readOpened(fd: number, { path, size, version }: Wanted): SmallFile {
  try {
    for (let length = 0; length < size;) {
      const count = readSome(fd, length === 0 ? buffer : buffer.subarray(length), size - length);
      if (count === 0) return tooShort(path);
      length += count;
    }
    const bytes = buffer.subarray(0, size);
    const sha256 = hash("sha256", bytes, "hex");
    return { sha256, bytes: version && isVersion(fd, version) ? bytes : undefined };
  } finally {
    closeFile(fd);
  }
}

/** Whether an open file is that one, still unchanged. */
function isVersion(fd: number, { inode, ctimeMs }: FileVersion): boolean {
  stat.fstat(fd);
  return stat.ino === inode && stat.ctimeMilliseconds === ctimeMs;
}

function tooShort(path: BytePath): never {
  throw new BuildError(
    "CONTEXT",
    `Cannot read "${toText(path)}": it became shorter while it was being read`,
  );
}

/** Reads the next part while the one before is hashed. */
async function hashParts(fd: number, size: number): Promise<string | undefined> {
  const sha256 = createHash("sha256");
  const readAt = (offset: number, part: Buffer) =>
    readAsync(fd, part, 0, Math.min(smallFile, size - offset), offset);
  let next = Buffer.allocUnsafe(smallFile);
  let spare = Buffer.allocUnsafe(smallFile);
  let pending = readAt(0, next);
  for (let offset = 0; offset < size;) {
    const { bytesRead } = await pending;
    if (bytesRead === 0) return undefined;
    offset += bytesRead;
    const part = next;
    [next, spare] = [spare, next];
    if (offset < size) pending = readAt(offset, next);
    sha256.update(part.subarray(0, bytesRead));
  }
  return sha256.digest("hex");
}
