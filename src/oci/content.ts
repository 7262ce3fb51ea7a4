import { createHash, hash } from "node:crypto";
import { closeSync, fstatSync, readSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { BuildError } from "../error.js";
import {
  toText,
  type BytePath,
  type Content,
  type FileEntry,
  type FileVersion,
} from "./changeset.js";
import { CHUNK, named, openContent } from "./open-content.js";
import type { SliceReader } from "./slice-reader.js";

/** A file entry, as far as its bytes go. */
type Stored = Pick<FileEntry, "content" | "path" | "sha256" | "size">;

/**
 * The bytes of a file, in pieces; fails when they are not exactly `size`. With `reuse`, a piece is
 * valid only until the second one after it is asked for: one may still be on its way to the disk while the
 * next is read. Lets the event loop run between pieces.
 */
export async function* readContent(entry: Stored, reuse = false): AsyncGenerator<Uint8Array> {
  const { content, size, path } = entry;
  switch (content.kind) {
    case "bytes":
      if (content.bytes.byteLength !== size) throw sizeChanged(path, size);
      yield content.bytes;
      return;
    case "stream":
      yield* exactly(content.stream, entry);
      return;
    case "file":
      yield* readHostFile(entry, content, reuse);
  }
}

/** What is read in one go, to be hashed. */
const SMALL = 1 << 18;

/** Shared by all: nothing else runs between filling and hashing it. */
const small = Buffer.allocUnsafeSlow(SMALL);

/** As `contentDigest`, where it is known or can be told at once, because the content is small or in memory; else undefined. */
export function contentDigestNow(entry: FileEntry): string | undefined {
  if (entry.sha256 !== undefined) return entry.sha256;
  const { content, size, path } = entry;
  if (content.kind === "bytes") {
    if (content.bytes.byteLength !== size) throw sizeChanged(path, size);
    return hash("sha256", content.bytes, "hex");
  }
  if (content.kind === "stream" || size >= SMALL) return undefined;
  readContentInto(entry, small, 0);
  return hash("sha256", small.subarray(0, size), "hex");
}

/** SHA-256 of the bytes of a file in hex; reads them unless it is known. */
export async function contentDigest(entry: FileEntry): Promise<string> {
  const known = contentDigestNow(entry);
  if (known !== undefined) return known;
  const hasher = createHash("sha256");
  for await (const chunk of readContent(entry, true)) hasher.update(chunk);
  return hasher.digest("hex");
}

/**
 * Copies the bytes of a small file into `to` at `at`, synchronously: through promises, 50,000 of
 * them take several times as long. `to` needs room for one byte more. `slices` reads parts of what
 * nobody changes.
 */
export function readContentInto(
  entry: FileEntry,
  to: Buffer,
  at: number,
  slices?: SliceReader,
): void {
  const { content, size, path } = entry;
  if (content.kind === "stream") throw new Error(`the content of "${path}" is a stream`);
  if (content.kind === "bytes") {
    if (content.bytes.byteLength !== size) throw sizeChanged(path, size);
    to.set(content.bytes, at);
    return;
  }
  if (slices !== undefined && content.offset > 0 && content.version === undefined) {
    const got = slices.read(content.path, content.offset, size, to, at);
    if (got !== size) throw sizeChanged(content.path, size);
    return;
  }
  const fd = openContent(content.path);
  try {
    // A slice of a bigger file has bytes behind it; a whole file must end where it promised. Asked for
    // one byte more, a regular file that has no more says so: no second read per small file.
    const wanted = content.offset === 0 ? size + 1 : size;
    const first = readSync(fd, to, at, wanted, content.offset);
    const rest =
      first < size ? fill(fd, to.subarray(at + first, at + wanted), content.offset + first) : 0;
    const got = first + rest;
    if (got !== size) throw sizeChanged(content.path, size);
    checkVersion(fd, content);
    if (!needsDigest(content)) return;
    checkDigest(hash("sha256", to.subarray(at, at + size), "hex"), entry, content);
  } catch (error) {
    throw named(error, content.path);
  } finally {
    closeSync(fd);
  }
}

async function* readHostFile(
  entry: Stored,
  content: HostFile,
  reuse: boolean,
): AsyncGenerator<Uint8Array> {
  const { path, offset } = content;
  const { size } = entry;
  const sha256 = needsDigest(content) ? createHash("sha256") : undefined;
  const fd = openContent(path);
  try {
    let buffer = Buffer.allocUnsafeSlow(CHUNK);
    let spare = reuse && size > CHUNK ? Buffer.allocUnsafeSlow(CHUNK) : buffer;
    for (let done = 0; done < size;) {
      const want = Math.min(CHUNK, size - done);
      if (fill(fd, buffer.subarray(0, want), offset + done) !== want) throw sizeChanged(path, size);
      sha256?.update(buffer.subarray(0, want));
      yield buffer.subarray(0, want);
      await setImmediate();
      [buffer, spare] = [reuse ? spare : Buffer.allocUnsafeSlow(CHUNK), buffer];
      done += want;
    }
    if (offset === 0 && fill(fd, buffer.subarray(0, 1), size) > 0) throw sizeChanged(path, size);
    checkVersion(fd, content);
    if (sha256 !== undefined) checkDigest(sha256.digest("hex"), entry, content);
  } catch (error) {
    throw named(error, path);
  } finally {
    closeSync(fd);
  }
}

type HostFile = Extract<Content, { readonly kind: "file" }>;

function checkVersion(fd: number, { path, version }: HostFile): void {
  if (version !== undefined && !isVersion(fd, version)) throw contentChanged(path);
}

/**
 * Whether an open file is that one, still unchanged. By descriptor, after reading: so neither a write nor
 * a link in a directory's place goes unseen.
 */
function isVersion(fd: number, { inode, ctimeMs }: FileVersion): boolean {
  const stat = fstatSync(fd);
  return stat.ino === inode && stat.ctimeMs === ctimeMs;
}

function needsDigest({ version }: HostFile): boolean {
  return version?.settled === false;
}

function checkDigest(found: string, { sha256 }: Stored, { path }: HostFile): void {
  if (sha256 !== undefined && found !== sha256) throw contentChanged(path);
}

async function* exactly(
  stream: AsyncIterable<Uint8Array>,
  { path, size }: Stored,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const chunk of stream) {
    done += chunk.byteLength;
    if (done > size) break;
    yield chunk;
  }
  if (done !== size) throw sizeChanged(path, size);
}

/** Reads until `to` is full or the file ends. */
function fill(fd: number, to: Buffer, position: number): number {
  let done = 0;
  while (done < to.byteLength) {
    const got = readSync(fd, to, done, to.byteLength - done, position + done);
    if (got === 0) break;
    done += got;
  }
  return done;
}

function sizeChanged(path: BytePath, size: number): BuildError {
  return changed(path, `it no longer has ${size} bytes, it changed while being read`);
}

function contentChanged(path: BytePath): BuildError {
  return changed(path, "it changed while being read");
}

function changed(path: BytePath, how: string): BuildError {
  return new BuildError("SYSTEM", `Cannot read "${toText(path)}": ${how}`, {
    hint: "make sure that nothing writes to it during the build",
  });
}
