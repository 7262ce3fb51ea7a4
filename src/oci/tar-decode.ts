import { BuildError } from "../error.js";
import { BLOCK, checksum, XATTR_PREFIX, type TarHeader } from "./tar-header.js";

/** Why the bytes are no tar. Names in `problem` are still byte strings. */
export function invalid(problem: string): BuildError {
  const text = Buffer.from(problem, "latin1").toString("utf8");
  return new BuildError("INVALID_ARCHIVE", `Cannot read tar archive: ${text}`);
}

/** Reads a header block of ustar, GNU tar or the seventh edition; undefined for a block of zeros, or none. */
export function decodeHeader(block: Buffer): TarHeader | undefined {
  if (block.byteLength === 0) return undefined;
  if (block.byteLength < BLOCK) throw invalid("it ends in the middle of a header");
  const sum = checksum(block, 0);
  if (sum === 0) return undefined;
  verifyChecksum(block, sum);
  const magic = block.toString("latin1", 257, 263);
  const prefix = magic === "ustar\0" ? text(block, 345, 155) : "";
  const name = text(block, 0, 100);
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    mode: numberAt(block, 100, 8) & 0o7777,
    uid: numberAt(block, 108, 8),
    gid: numberAt(block, 116, 8),
    size: numberAt(block, 124, 12),
    mtime: numberAt(block, 136, 12),
    type: block[156] === 0 ? "0" : String.fromCharCode(block[156] ?? 0),
    linkName: text(block, 157, 100),
    // The seventh edition has bytes of no meaning where ustar has device numbers.
    major: magic.startsWith("ustar") ? numberAt(block, 329, 8) : 0,
    minor: magic.startsWith("ustar") ? numberAt(block, 337, 8) : 0,
    xattrs: undefined,
  };
}

function verifyChecksum(block: Buffer, sum: number): void {
  const want = numberAt(block, 148, 8);
  let unsigned = sum;
  for (let i = 148; i < 156; i++) unsigned += 0x20 - (block[i] ?? 0);
  if (want === unsigned) return;
  let signed = 0; // some old tars added up signed bytes
  for (let i = 0; i < BLOCK; i++) signed += i >= 148 && i < 156 ? 0x20 : block.readInt8(i);
  if (want !== signed) throw invalid("wrong header checksum");
}

/** A field up to its first NUL. */
function text(block: Buffer, at: number, length: number): string {
  let end = at;
  while (end < at + length && block[end] !== 0) end++;
  return end === at ? "" : block.toString("latin1", at, end);
}

/** Octal digits between blanks and NULs, or with the high bit GNU's base 256. */
export function numberAt(block: Buffer, at: number, length: number): number {
  if ((block[at] ?? 0) >= 0x80) return base256(block.subarray(at, at + length));
  const end = at + length;
  let value = 0;
  let next = behindBlanks(block, at, end);
  for (; next < end; next++) {
    const digit = (block[next] ?? 0) - ZERO;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  if (behindBlanks(block, next, end) === end) return value;
  throw invalid(`"${text(block, at, length)}" is not a number`);
}

const ZERO = 0x30;

function behindBlanks(block: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && (block[at] === 0x20 || block[at] === 0)) at++;
  return at;
}

/** Two's complement, where the first byte has its high bit for the format and the next as sign. */
function base256(bytes: Buffer): number {
  const first = bytes[0] ?? 0;
  let value = BigInt(first & 0x7f) - (first & 0x40 ? 0x80n : 0n);
  for (const byte of bytes.subarray(1)) value = value * 256n + BigInt(byte);
  return safe(Number(value));
}

function safe(value: number): number {
  if (!Number.isSafeInteger(value)) throw invalid("a number is too big");
  return value;
}

/**
 * The records of a PAX header, values as bytes. tar-stream decodes them as UTF-8, which destroys
 * names in other encodings and binary attributes such as security.capability.
 */
export function decodePax(body: Buffer): ReadonlyMap<string, Buffer> {
  const records = new Map<string, Buffer>();
  const sparseMap: string[] = [];
  for (let at = 0; at < body.byteLength;) {
    const blank = body.indexOf(0x20, at);
    const digits = blank === -1 ? "" : body.toString("latin1", at, blank);
    const end = at + Number.parseInt(digits, 10);
    const equals = body.indexOf(0x3d, blank);
    const whole = /^[0-9]{1,8}$/.test(digits) && equals !== -1 && equals < end - 1;
    if (!whole || end > body.byteLength || body[end - 1] !== 0x0a) throw invalid("bad PAX record");
    const key = body.toString("latin1", blank + 1, equals);
    const value = body.subarray(equals + 1, end - 1);
    if (sparsePieces.has(key)) sparseMap.push(value.toString("latin1"));
    else records.set(key, value);
    at = end;
  }
  if (sparseMap.length > 0) records.set("GNU.sparse.map", Buffer.from(sparseMap.join(), "latin1"));
  return records;
}

/** Format 0.0 of sparse files has a record for each offset and length: put together, they are as in 0.1. */
const sparsePieces: ReadonlySet<string> = new Set(["GNU.sparse.offset", "GNU.sparse.numbytes"]);

/**
 * What PAX records say, in place of what the header says; an empty value says nothing. `local` ones
 * win over those of the whole archive.
 */
export function applyPax(
  header: TarHeader,
  global: ReadonlyMap<string, Buffer>,
  local: ReadonlyMap<string, Buffer>,
): TarHeader {
  if (global.size === 0 && local.size === 0) return header;
  const changed: { -readonly [Key in keyof TarHeader]: TarHeader[Key] } = { ...header };
  const xattrs = new Map<string, Uint8Array>();
  for (const [key, value] of global) if (!local.has(key)) applyRecord(changed, key, value);
  for (const [key, value] of local) {
    if (key.startsWith(XATTR_PREFIX)) {
      xattrs.set(xattrOf(key), Buffer.from(value));
    } else {
      applyRecord(changed, key, value);
    }
  }
  if (xattrs.size > 0) changed.xattrs = xattrs;
  return changed;
}

function xattrOf(key: string): string {
  const name = key.slice(XATTR_PREFIX.length);
  if (name !== "" && !name.includes("\0")) return name;
  throw invalid(`"${name}" is not a name for an extended attribute`);
}

function applyRecord(
  header: { -readonly [Key in keyof TarHeader]: TarHeader[Key] },
  key: string,
  bytes: Buffer,
): void {
  if (bytes.byteLength === 0) return;
  const value = bytes.toString("latin1");
  switch (key) {
    case "path":
      header.name = value;
      break;
    case "linkpath":
      header.linkName = value;
      break;
    case "size":
    case "uid":
    case "gid":
      if (!/^[0-9]+$/.test(value)) throw invalid(`"${value}" is no ${key}`);
      header[key] = safe(Number(value));
      break;
    case "mtime":
      if (!/^-?[0-9]+(\.[0-9]*)?$/.test(value)) throw invalid(`"${value}" is no ${key}`);
      header.mtime = safe(Math.floor(Number(value)));
  }
}
