import { createHash, hash } from "node:crypto";
import { closeSync, read, readSync } from "node:fs";
import { promisify } from "node:util";
import { BuildError } from "../error.js";
import { toText, type BytePath } from "../oci/changeset.js";
import type { ConfinedDirectory } from "./confined.js";

const readAsync = promisify(read);

/** Files up to this size are read in one go, without waiting: ten times faster than a stream. */
const smallFile = 1024 * 1024;

/** Shared by all: nothing else runs between filling and hashing it. */
const buffer = Buffer.allocUnsafeSlow(smallFile);

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
export async function hashFile(file: HashedFile, size: number): Promise<string> {
  if (size === 0) return emptySha256;
  const fd = file.directory.openFile(file.name);
  try {
    const sha256 = size <= smallFile ? hashSmall(fd, size) : await hashLarge(fd, size);
    if (sha256 !== undefined) return sha256;
  } finally {
    closeSync(fd);
  }
  throw new BuildError(
    "CONTEXT",
    `Cannot read "${toText(file.path)}": it became shorter while it was being read`,
  );
}

function hashSmall(fd: number, size: number): string | undefined {
  for (let length = 0; length < size;) {
    const count = readSync(fd, buffer, length, size - length, null);
    if (count === 0) return undefined;
    length += count;
  }
  return hash("sha256", buffer.subarray(0, size), "hex");
}

/** Reads the next part while the one before is hashed. */
async function hashLarge(fd: number, size: number): Promise<string | undefined> {
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
