import { BuildError } from "../../error.js";
import { toText, type BytePath } from "../../oci/changeset.js";

/** What the kernel knows, and the number that stands for it (EROFS_XATTR_INDEX_…). */
const prefixes: readonly (readonly [prefix: string, index: number, whole: boolean])[] = [
  ["user.", 1, false],
  ["system.posix_acl_access", 2, true],
  ["system.posix_acl_default", 3, true],
  ["trusted.", 4, false],
  ["security.", 6, false],
];

/** struct erofs_xattr_ibody_header: name filter (unused), number of shared attributes (none). */
const HEADER = 12;
const ENTRY_HEADER = 4;
const MAX_NAME = 255;
const MAX_VALUE = 0xffff;
/** The inode counts units of four bytes in 16 bits. */
const MAX_BODY = HEADER + 0xfffe * 4;

/** What follows an inode without any. */
export const NO_XATTRS = Buffer.alloc(0);

/** The extended attributes as they follow their inode; `path` is for messages. */
export function encodeXattrs(
  xattrs: ReadonlyMap<string, Uint8Array> | undefined,
  path: BytePath,
): Buffer {
  if (xattrs === undefined || xattrs.size === 0) return NO_XATTRS;
  const entries = [...xattrs].map(([name, value]) => encodeEntry(name, value, path));
  const body = Buffer.concat([Buffer.alloc(HEADER), ...entries]);
  if (body.byteLength > MAX_BODY) throw refused(path, "they are more than 256 KiB together");
  return body;
}

/** What an inode's i_xattr_icount says of a body. */
export function xattrUnits(body: Buffer): number {
  return body.byteLength === 0 ? 0 : (body.byteLength - HEADER) / 4 + 1;
}

/** The opposite of `xattrUnits`: bytes of the body. */
export function xattrBody(units: number): number {
  return units === 0 ? 0 : HEADER + (units - 1) * 4;
}

/** The opposite of `encodeXattrs`. */
export function decodeXattrs(body: Buffer): ReadonlyMap<string, Uint8Array> {
  const xattrs = new Map<string, Uint8Array>();
  for (let at = HEADER; at < body.byteLength;) {
    const [length, index] = [body.readUInt8(at), body.readUInt8(at + 1)];
    const valueAt = at + ENTRY_HEADER + length;
    const end = valueAt + body.readUInt16LE(at + 2);
    const prefix = prefixes.find(([, number]) => number === index)?.[0] ?? "";
    const name = prefix + body.toString("latin1", at + ENTRY_HEADER, valueAt);
    xattrs.set(name, Buffer.from(body.subarray(valueAt, end)));
    at = Math.ceil(end / 4) * 4;
  }
  return xattrs;
}

/** struct erofs_xattr_entry, name, value; as a whole aligned to four bytes. */
function encodeEntry(name: string, value: Uint8Array, path: BytePath): Buffer {
  const { index, rest } = splitName(name, path);
  if (rest.length > MAX_NAME) throw refused(path, `the name "${name}" is too long`);
  if (value.byteLength > MAX_VALUE) throw refused(path, `"${name}" is bigger than 65535 bytes`);
  const size = ENTRY_HEADER + rest.length + value.byteLength;
  const entry = Buffer.alloc(Math.ceil(size / 4) * 4);
  entry.writeUInt8(rest.length, 0);
  entry.writeUInt8(index, 1);
  entry.writeUInt16LE(value.byteLength, 2);
  entry.write(rest, ENTRY_HEADER, "latin1");
  entry.set(value, ENTRY_HEADER + rest.length);
  return entry;
}

function splitName(
  name: string,
  path: BytePath,
): { readonly index: number; readonly rest: string } {
  for (const [prefix, index, whole] of prefixes) {
    if (whole ? name === prefix : name.startsWith(prefix) && name !== prefix) {
      return { index, rest: name.slice(prefix.length) };
    }
  }
  throw refused(path, `Linux has none named "${name}"`);
}

function refused(path: BytePath, problem: string): BuildError {
  return new BuildError(
    "INVALID_ARCHIVE",
    `Cannot keep the extended attributes of "${toText(path)}": ${toText(problem as BytePath)}`,
  );
}
