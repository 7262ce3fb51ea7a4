import { BuildError } from "../error.js";
import { toText, type BytePath } from "./changeset.js";

/** Everything in a tar comes in blocks of this many bytes. */
export const BLOCK = 512;

/** What the type flag of a member says (POSIX.1-2017, pax, "ustar Header Block"). */
export const tarTypes = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  char: "3",
  block: "4",
  directory: "5",
  fifo: "6",
  paxGlobal: "g",
  pax: "x",
} as const;

/** One member of a tar. Strings hold bytes, one to a UTF-16 unit. */
export interface TarHeader {
  /** A directory's ends in "/". */
  readonly name: string;
  /** One of `tarTypes`, or what else a foreign tar has. */
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content that follow. */
  readonly size: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
  readonly linkName: string;
  readonly major: number;
  readonly minor: number;
  readonly xattrs: ReadonlyMap<string, Uint8Array> | undefined;
}

/** Bytes of zeros that fill the last block of `size` bytes. */
export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/**
 * Writes the ustar header into `to` at `at`. What does not fit is cut off, or 0: `encodePax` tells it
 * in full, and readers prefer that.
 */
export function encodeHeader(header: TarHeader, to: Buffer, at: number): void {
  const slash = header.name.length <= 100 ? -1 : slashOf(header.name);
  emptyHeader.copy(to, at);
  let sum = emptySum;
  sum += writeText(to, at, 100, slash > 0 ? header.name.slice(slash + 1) : header.name);
  sum += writeOctal(to, at + 100, 7, header.mode);
  sum += writeOctal(to, at + 108, 7, fits(header.uid, MAX_ID) ? header.uid : 0);
  sum += writeOctal(to, at + 116, 7, fits(header.gid, MAX_ID) ? header.gid : 0);
  sum += writeOctal(to, at + 124, 11, fits(header.size, MAX_NUMBER) ? header.size : 0);
  sum += writeOctal(to, at + 136, 11, fits(header.mtime, MAX_NUMBER) ? header.mtime : 0);
  sum += writeText(to, at + 156, 1, header.type);
  sum += writeText(to, at + 157, 100, header.linkName);
  sum += writeOctal(to, at + 329, 7, header.major);
  sum += writeOctal(to, at + 337, 7, header.minor);
  if (slash > 0) sum += writeText(to, at + 345, 155, header.name.slice(0, slash));
  writeOctal(to, at + 148, 6, sum);
}

/** The PAX member that must precede `header` where ustar cannot say it all, else undefined. */
export function encodePax(header: TarHeader): Buffer | undefined {
  const records = paxRecords(header);
  if (records.length === 0) return undefined;
  const body = records.sort().map(paxRecord).join("");
  const member = Buffer.alloc(BLOCK + body.length + paddingOf(body.length));
  encodeHeader({ ...paxHeader, size: body.length }, member, 0);
  member.write(body, BLOCK, "latin1");
  return member;
}

/** All that stands before the content of a member. */
export function encodeHeaders(header: TarHeader): Buffer {
  const pax = encodePax(header) ?? Buffer.alloc(0);
  const headers = Buffer.concat([pax, Buffer.alloc(BLOCK)]);
  encodeHeader(header, headers, pax.byteLength);
  return headers;
}

const paxHeader = {
  name: "PaxHeaders/0",
  type: tarTypes.pax,
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 0,
  linkName: "",
  major: 0,
  minor: 0,
  xattrs: undefined,
} as const;

function paxRecords(header: TarHeader): [key: string, value: string][] {
  const records: [string, string][] = [];
  const { name, linkName, size, uid, gid, mtime, xattrs } = header;
  if (!isAscii(name) || (name.length > 100 && slashOf(name) < 0)) records.push(["path", name]);
  if (!isAscii(linkName) || linkName.length > 100) records.push(["linkpath", linkName]);
  if (!fits(size, MAX_NUMBER)) records.push(["size", String(size)]);
  if (!fits(uid, MAX_ID)) records.push(["uid", String(uid)]);
  if (!fits(gid, MAX_ID)) records.push(["gid", String(gid)]);
  if (!fits(mtime, MAX_NUMBER)) records.push(["mtime", String(mtime)]);
  if (xattrs === undefined) return records; // most: an iterator for nothing takes time
  for (const [key, value] of xattrs) {
    if (key.includes("=")) throw nameless(name, key);
    records.push([`${XATTR_PREFIX}${key}`, Buffer.from(value).toString("latin1")]);
  }
  return records;
}

/** A key of PAX ends at its first "=". */
function nameless(name: string, key: string): BuildError {
  const [file, xattr] = [toText(name as BytePath), toText(key as BytePath)];
  return new BuildError(
    "UNSUPPORTED",
    `Cannot put "${file}" into a tar archive: its extended attribute "${xattr}" has a "=" in its name`,
  );
}

/** How GNU tar, Go and libarchive spell an extended attribute in PAX. */
export const XATTR_PREFIX = "SCHILY.xattr.";

/** "length key=value\n", where the length counts its own digits. */
function paxRecord([key, value]: readonly [string, string]): string {
  const rest = key.length + value.length + 3;
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

/**
 * Where ustar splits a name of more than 100 bytes into two fields: at most 155 bytes, a "/" that is
 * not written, and 100 bytes. Negative where it cannot.
 */
function slashOf(name: string): number {
  const slash = name.lastIndexOf("/", Math.min(155, name.length - 2));
  return slash <= 0 || name.length - slash - 1 > 100 ? -1 : slash;
}

/** Where they begin, and how many digits they have before their NUL. */
const numberFields = [
  [100, 7],
  [108, 7],
  [116, 7],
  [124, 11],
  [136, 11],
  [329, 7],
  [337, 7],
] as const;

/** A header of which every number is 0; the checksum counts itself as blanks, and ends in one. */
const emptyHeader = Buffer.alloc(BLOCK);
for (const [at, digits] of numberFields) emptyHeader.fill("0", at, at + digits);
emptyHeader.write("ustar\x0000", 257, "latin1");
emptyHeader.fill(" ", 148, 156);
const emptySum = checksum(emptyHeader, 0);
emptyHeader.write("000000\0 ", 148, "latin1");

const MAX_ID = 0o7777777;
const MAX_NUMBER = 0o77777777777;
const ZERO = 0x30;

function fits(value: number, max: number): boolean {
  return value >= 0 && value <= max;
}

/** Writes digits over zeros; answers what they add to the sum of the bytes. */
function writeOctal(to: Buffer, at: number, width: number, value: number): number {
  let sum = 0;
  let rest = value;
  for (let i = at + width - 1; rest > 0 && i >= at; i--) {
    const digit = rest % 8;
    to[i] = ZERO + digit;
    sum += digit;
    rest = rest < 2 ** 31 ? rest >> 3 : Math.floor(rest / 8); // the first is four times as fast
  }
  return sum;
}

/** What of the text the field takes, zeros behind it; answers the sum of the bytes. */
function writeText(to: Buffer, at: number, width: number, text: string): number {
  let sum = 0;
  const length = Math.min(width, text.length);
  for (let i = 0; i < length; i++) {
    const byte = text.charCodeAt(i);
    to[at + i] = byte;
    sum += byte;
  }
  return sum;
}

/** The sum of all bytes of a header. */
export function checksum(header: Buffer, at: number): number {
  let sum = 0;
  for (let i = at; i < at + BLOCK; i++) sum += header[i] ?? 0;
  return sum;
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
