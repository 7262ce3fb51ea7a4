import { hash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { KeptSelection } from "../context/look-memory.js";
import type { BytePath } from "../oci/changeset.js";

/** Bump the number when the meaning of a look changes, or of the patterns that it was taken by: older ones then count for nothing. */
const magic = "tsblook3";
/** Magic (0), bytes of the look (8), of the text (12) and of the head (16), SHA-256 of these and the head (20). */
const sizesOffset = 8;
const checksumOffset = 20;
/** Where the look begins; then come the text and the head. */
export const headerSize = 52;

/** Ends a field of the head; no path has one in it. */
const END = "\0";

/** What is known of a look besides what it saw. */
export interface LookHead {
  /** Of the last time that all files were looked up in the file index, since the epoch. */
  readonly day: number;
  /** SHA-256 of it, in hex. */
  readonly digest: string;
  readonly query: string;
  readonly selected: KeptSelection;
}

/** Bytes of the two parts of a file that come before its head. */
export interface LookSizes {
  readonly look: number;
  readonly text: number;
}

/** What such a file holds. */
export interface LookFile extends LookHead {
  readonly look: Uint32Array;
  readonly text: () => Buffer | undefined;
}

/** The first and the last bytes of a file. */
export function frameOf(
  head: LookHead,
  { look, text }: LookSizes,
): { readonly header: Buffer; readonly end: Buffer } {
  const end = Buffer.from(textOf(head), "latin1");
  const header = Buffer.alloc(headerSize);
  header.write(magic, "latin1");
  [look, text, end.byteLength].forEach((size, i) =>
    header.writeUInt32LE(size, sizesOffset + 4 * i),
  );
  header.write(checksumOf(header, end), checksumOffset, "hex");
  return { header, end };
}

/** Undefined where there is none, or anything is wrong with it. Of the look and the text their readers have to find that out. */
export function readLookFile(path: string): LookFile | undefined {
  try {
    return withFile(path, (fd) => {
      const { header, sizes, end } = readFrame(fd);
      const head = parseHead(end.toString("latin1"));
      if (head === undefined || sizes.look % 4 !== 0) return undefined;
      const look = new Uint32Array(sizes.look / 4);
      readFully(fd, new Uint8Array(look.buffer), headerSize);
      return { ...head, look, text: () => readText(path, header) };
    });
  } catch {
    return undefined; // whatever the reason is: what was lost is found out again
  }
}

/** That of the file that begins with that header, if it is still there. */
function readText(path: string, header: Buffer): Buffer | undefined {
  try {
    return withFile(path, (fd) => {
      const { header: now, sizes } = readFrame(fd);
      if (!now.equals(header)) return undefined;
      return readFully(fd, Buffer.allocUnsafeSlow(sizes.text), headerSize + sizes.look);
    });
  } catch {
    return undefined; // as above
  }
}

interface Frame {
  readonly header: Buffer;
  readonly sizes: LookSizes;
  readonly end: Buffer;
}

function readFrame(fd: number): Frame {
  const header = readFully(fd, Buffer.alloc(headerSize), 0);
  const sizeAt = (i: number): number => header.readUInt32LE(sizesOffset + 4 * i);
  const sizes = { look: sizeAt(0), text: sizeAt(1) };
  const before = headerSize + sizes.look + sizes.text;
  const isAll = fstatSync(fd).size === before + sizeAt(2);
  if (!isAll || header.toString("latin1", 0, sizesOffset) !== magic) throw new Error("damaged");
  const end = readFully(fd, Buffer.alloc(sizeAt(2)), before);
  if (header.toString("hex", checksumOffset) !== checksumOf(header, end))
    throw new Error("damaged");
  return { header, sizes, end };
}

function checksumOf(header: Buffer, end: Buffer): string {
  return hash("sha256", Buffer.concat([header.subarray(0, checksumOffset), end]), "hex");
}

function textOf({ day, digest, query, selected: { name, source } }: LookHead): string {
  const fields = [String(day), digest, query, name];
  if (source !== undefined) {
    const { base, implied, length, path } = source;
    fields.push(source.name, path, base, String(length), ...implied);
  }
  return fields.join(END);
}

function parseHead(text: string): LookHead | undefined {
  const [day, digest, query, name, ...rest] = text.split(END);
  if (digest === undefined || query === undefined || name === undefined) return undefined;
  const [sourceName, path, base, length, ...implied] = rest;
  const source = length !== undefined && {
    name: sourceName as BytePath,
    path: path as BytePath,
    base: base as BytePath,
    length: Number(length),
    implied: implied as BytePath[],
  };
  return { day: Number(day), digest, query, selected: { name, source: source || undefined } };
}

function withFile<T>(path: string, use: (fd: number) => T): T {
  const fd = openSync(path, "r");
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

function readFully<T extends Uint8Array>(fd: number, to: T, position: number): T {
  for (let at = 0; at < to.byteLength;) {
    const count = readSync(fd, to, at, to.byteLength - at, position + at);
    if (count === 0) throw new Error("cut off");
    at += count;
  }
  return to;
}
