import type { BytePath, Content } from "./changeset.js";
import { readContent } from "./content.js";
import {
  readGnuSparse,
  readPaxSparse,
  sparseName,
  storedSize,
  withHoles,
  type SparseFile,
} from "./sparse.js";
import { applyPax, decodeHeader, decodePax, invalid } from "./tar-decode.js";
import { BLOCK, paddingOf, XATTR_PREFIX, type TarHeader } from "./tar-header.js";
import { FileSource, StreamSource, truncated, type TarSource } from "./tar-source.js";

/** One member of a tar, its names made relative to the root. */
export interface ReadMember {
  readonly type: "file" | "directory" | "symlink" | "hardlink" | "block" | "char" | "fifo";
  readonly path: BytePath;
  /** Of a symlink as is, of a hardlink relative to the root, else empty. */
  readonly target: BytePath;
  readonly header: TarHeader;
  readonly content: Content;
  /** Where in the tar the content begins; undefined where its holes are left out. */
  readonly offset: number | undefined;
}

/** Of a PAX header or a long name; as Go's archive/tar. */
const MAX_EXTENSION = 1 << 20;
/** The greatest id that Linux knows: one more means "none". */
const MAX_ID = 0xfffffffe;
/** The greatest device numbers of Linux. */
const MAX_MAJOR = 0xfff;
const MAX_MINOR = 0xfffff;

/**
 * The members of a tar. Our own reader instead of tar-stream: PAX values and names must survive byte
 * for byte, and tar-stream hands out neither.
 */
export function readTar(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ReadMember> {
  return readMembers(new StreamSource(bytes));
}

/** The members of a tar in a file; the content of each is a part of that file, and not read. */
export function readTarFile(path: BytePath): AsyncGenerator<ReadMember> {
  return readMembers(new FileSource(path));
}

async function* readMembers(source: TarSource): AsyncGenerator<ReadMember> {
  try {
    const headers = new HeaderReader(source);
    for (let next = await headers.next(); next; next = await headers.next()) {
      const { header, sparse } = next;
      const type = typeOf(header);
      verify(header, type);
      // Links and such have none, whatever they say; GNU's incremental directories have a listing.
      const size = type === "file" || header.type === "D" ? header.size : 0;
      const offset = source.position;
      const body = await source.open(size);
      const path = pathOf(header.name, type);
      const member = { type, path, target: targetOf(header, type), header, content: body.content };
      yield sparse === undefined ? { ...member, offset } : expanded(member, sparse);
      await body.skip();
    }
    await source.finish();
  } finally {
    await source.close();
  }
}

function expanded(member: Omit<ReadMember, "offset">, sparse: SparseFile): ReadMember {
  const { header, content, path } = member;
  const { size } = sparse;
  const stored = readContent({ content, path, size: header.size });
  const whole = { kind: "stream", stream: withHoles(sparse, stored) } as const;
  return { ...member, header: { ...header, size }, content: whole, offset: undefined };
}

/** A header with all that stands before and behind it. */
interface ReadHeader {
  /** `size` is what is stored. */
  readonly header: TarHeader;
  readonly sparse: SparseFile | undefined;
}

/** Puts headers together with the PAX headers and GNU long names before them. */
class HeaderReader {
  readonly #source: TarSource;
  readonly #global = new Map<string, Buffer>();

  constructor(source: TarSource) {
    this.#source = source;
  }

  /** The next real member, undefined at the end of the archive. */
  async next(): Promise<ReadHeader | undefined> {
    const local = new Map<string, Buffer>();
    const long: { name?: string; linkName?: string } = {};
    for (;;) {
      const next = await this.#block();
      if (next === undefined) return undefined;
      const { block, header } = next;
      switch (header.type) {
        case "g":
          for (const [key, value] of decodePax(await this.#extension(header)))
            if (!key.startsWith(XATTR_PREFIX)) this.#global.set(key, value); // as Go: of no file
          break;
        case "x":
        case "X": // Solaris
          for (const [key, value] of decodePax(await this.#extension(header)))
            local.set(key, value);
          break;
        case "L":
          long.name = untilNul(await this.#extension(header));
          break;
        case "K":
          long.linkName = untilNul(await this.#extension(header));
          break;
        case "V": // the label of a GNU volume
          await this.#extension(header);
          break;
        default:
          return await this.#whole(applyPax({ ...header, ...long }, this.#global, local), {
            block,
            local,
          });
      }
    }
  }

  /** With the map of a sparse file, which may stand at the beginning of its content. */
  async #whole(
    header: TarHeader,
    { block, local }: { readonly block: Buffer; readonly local: ReadonlyMap<string, Buffer> },
  ): Promise<ReadHeader> {
    const start = this.#source.position;
    const more = async (): Promise<Buffer> => {
      const next = await this.#source.take(BLOCK);
      if (next.byteLength < BLOCK) throw truncated();
      return next;
    };
    if (header.type === "S") return stored(header, await readGnuSparse(block, more));
    const sparse = await readPaxSparse(local, more);
    if (sparse === undefined) return { header, sparse };
    const size = header.size - (this.#source.position - start);
    return stored({ ...header, name: sparseName(local) ?? header.name, size }, sparse);
  }

  /** A header, undefined at the two blocks of zeros or where the file ends at a boundary. */
  async #block(): Promise<{ readonly block: Buffer; readonly header: TarHeader } | undefined> {
    const block = await this.#source.take(BLOCK);
    if (block.byteLength === 0) return undefined;
    if (block.byteLength < BLOCK) throw invalid("it ends in the middle of a header");
    const header = decodeHeader(block);
    if (header !== undefined) return { block, header };
    const second = await this.#source.take(BLOCK);
    if (second.some((byte) => byte !== 0)) throw invalid("a block of zeros between its files");
    return undefined;
  }

  async #extension({ size }: TarHeader): Promise<Buffer> {
    if (size < 0 || size > MAX_EXTENSION) throw invalid("an extended header is too big");
    const bytes = await this.#source.take(size + paddingOf(size));
    if (bytes.byteLength !== size + paddingOf(size)) throw truncated();
    return bytes.subarray(0, size);
  }
}

function stored(header: TarHeader, sparse: SparseFile): ReadHeader {
  if (storedSize(sparse) === header.size) return { header, sparse };
  throw invalid(`"${header.name}" is sparse, and its pieces are not what is stored`);
}

function untilNul(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("latin1", 0, end === -1 ? bytes.byteLength : end);
}

function typeOf({ type, name }: TarHeader): ReadMember["type"] {
  switch (type) {
    case "0":
    case "7": // contiguous
      return name.endsWith("/") ? "directory" : "file"; // the seventh edition has no type for it
    case "1":
      return "hardlink";
    case "2":
      return "symlink";
    case "3":
      return "char";
    case "4":
      return "block";
    case "5":
    case "D": // GNU tar, incremental
      return "directory";
    case "6":
      return "fifo";
    case "S": // sparse
      return "file";
    default:
      throw invalid(`"${name}" has the unknown type "${type}"`);
  }
}

function verify({ name, size, uid, gid, major, minor }: TarHeader, type: ReadMember["type"]): void {
  if (size < 0) throw invalid(`"${name}" has a negative size`);
  for (const id of [uid, gid]) {
    if (id < 0 || id > MAX_ID) throw invalid(`"${name}" has the impossible owner ${id}`);
  }
  if (type !== "char" && type !== "block") return;
  const isKnown = major >= 0 && major <= MAX_MAJOR && minor >= 0 && minor <= MAX_MINOR;
  if (!isKnown) throw invalid(`"${name}" is the impossible device ${major}:${minor}`);
}

function pathOf(name: string, type: ReadMember["type"]): BytePath {
  const path = relative(name);
  if (path === "" && type !== "directory") throw invalid(`"${name}" is not a name for a ${type}`);
  return path;
}

function targetOf({ name, linkName }: TarHeader, type: ReadMember["type"]): BytePath {
  if (type !== "symlink" && type !== "hardlink") return "" as BytePath;
  if (linkName === "" || linkName.includes("\0")) throw invalid(`"${name}" links to no name`);
  return type === "hardlink" ? relative(linkName) : (linkName as BytePath);
}

/** Relative to the root, without "." and ".."; a name that climbs out of the root is an attack. */
function relative(name: string): BytePath {
  if (name.includes("\0")) throw invalid("a name with a NUL byte");
  const parts: string[] = [];
  for (const part of name.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) throw invalid(`"${name}" leads out of the archive`);
  }
  return parts.join("/") as BytePath;
}
