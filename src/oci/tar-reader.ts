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
import {
  FileSource,
  StreamSource,
  truncated,
  type FileRange,
  type Reading,
  type TarSource,
} from "./tar-source.js";

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

/**
 * Bytes of all PAX headers and long names before a member, and of all that are for the whole archive: they stay in
 * memory. Go's archive/tar takes as much of each.
 */
const MAX_EXTENSIONS = 1 << 20;
/** Bytes of a name that Linux can open (PATH_MAX): each directory on the way is a file of the layer, and takes memory. */
const MAX_NAME = 4096;
/** The greatest id that Linux knows: one more means "none". */
const MAX_ID = 0xfffffffe;
/** The greatest device numbers of Linux. */
const MAX_MAJOR = 0xfff;
const MAX_MINOR = 0xfffff;

/**
 * The members of a tar. Our own reader instead of tar-stream: PAX values and names must survive byte
 * for byte, and tar-stream hands out neither.
 */
export async function* readTar(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ReadMember> {
  for await (const run of readTarRuns(bytes)) yield* run;
}

/** The members of a tar in a file, or in a part of one; the content of each is a part of that file, and not read. */
// eslint-disable-next-line @typescript-eslint/require-await -- as of a tar that comes
export async function* readTarFile(path: BytePath, range?: FileRange): AsyncGenerator<ReadMember> {
  using source = new FileSource(path, range);
  const members = readMembers(source);
  for (let next = members.next(); next.done !== true; next = members.next(nothing)) {
    if (typeof next.value !== "number") yield next.value; // always: it waits for nothing
  }
}

/** Members at once: each takes half a kilobyte until it is looked at. */
const RUN = 64;

/** As `readTar`, in runs of members that came together: the contents of all can be read until the next run is asked for. */
export async function* readTarRuns(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly ReadMember[]> {
  const source = new StreamSource(bytes);
  try {
    const members = readMembers(source);
    let run: ReadMember[] = [];
    for (let next = members.next(); next.done !== true;) {
      const { value } = next;
      if (typeof value !== "number") run.push(value);
      const isWhole =
        typeof value === "number" || run.length === RUN || value.content.kind === "stream";
      if (isWhole && run.length > 0) {
        yield run;
        run = [];
      }
      next = members.next(typeof value === "number" ? await source.take(value) : nothing);
    }
    if (run.length > 0) yield run;
    await source.finish();
  } finally {
    await source.close();
  }
}

/** For a reader that asked for nothing. */
const nothing = Buffer.alloc(0);

function* readMembers(source: TarSource): Generator<number | ReadMember, void, Buffer> {
  const headers = new HeaderReader(source);
  for (let next = yield* headers.next(); next; next = yield* headers.next()) {
    const { header, sparse } = next;
    verifyNames(header);
    const type = typeOf(header);
    verify(header, type);
    // Links and such have none, whatever they say; GNU's incremental directories have a listing.
    const size = type === "file" || header.type === "D" ? header.size : 0;
    const offset = source.position;
    const content = size === 0 ? empty : yield* source.open(size);
    const path = pathOf(header.name, type);
    const target = targetOf(header, type);
    if (sparse === undefined) yield { type, path, target, header, content, offset };
    else yield expanded({ type, path, target, header, content }, sparse);
  }
}

const empty: Content = { kind: "bytes", bytes: nothing };

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
  #globalSize = 0;

  constructor(source: TarSource) {
    this.#source = source;
  }

  /** The next real member, undefined at the end of the archive. */
  *next(): Reading<ReadHeader | undefined> {
    let extensions: Extensions | undefined;
    for (;;) {
      const block = this.#source.now(BLOCK) ?? (yield BLOCK);
      const header = decodeHeader(block);
      if (header === undefined) return yield* this.#end(block);
      if (!extensionTypes.has(header.type)) {
        if (extensions !== undefined || header.type === "S")
          return yield* this.#whole(header, block, extensions ?? noExtensions());
        return { header: applyPax(header, this.#global, none), sparse: undefined };
      }
      extensions ??= noExtensions();
      yield* this.#extend(extensions, header);
    }
  }

  *#extend(extensions: Extensions, header: TarHeader): Reading<void> {
    const body = yield* this.#extension(header.size, extensions);
    switch (header.type) {
      case "g":
        if ((this.#globalSize += header.size) > MAX_EXTENSIONS) throw tooBig();
        for (const [key, value] of decodePax(body))
          if (!key.startsWith(XATTR_PREFIX)) this.#global.set(key, value); // as Go: of no file
        break;
      case "x":
      case "X": // Solaris
        for (const [key, value] of decodePax(body)) extensions.local.set(key, value);
        break;
      case "L":
        extensions.long.name = untilNul(body);
        break;
      case "K":
        extensions.long.linkName = untilNul(body);
    }
  }

  /** With the map of a sparse file, which may stand at the beginning of its content. */
  *#whole(found: TarHeader, block: Buffer, { local, long }: Extensions): Reading<ReadHeader> {
    const header = applyPax({ ...found, ...long }, this.#global, local);
    const start = this.#source.position;
    const more = (): Reading<Buffer> => this.#bytes(BLOCK);
    if (header.type === "S") return stored(header, yield* readGnuSparse(block, more));
    const sparse = yield* readPaxSparse(local, more);
    if (sparse === undefined) return { header, sparse };
    const size = header.size - (this.#source.position - start);
    return stored({ ...header, name: sparseName(local) ?? header.name, size }, sparse);
  }

  /** Undefined at the two blocks of zeros, or where the file ends at a boundary. */
  *#end(block: Buffer): Reading<undefined> {
    if (block.byteLength === 0) return undefined;
    const second = this.#source.now(BLOCK) ?? (yield BLOCK);
    if (second.some((byte) => byte !== 0)) throw invalid("a block of zeros between its files");
    return undefined;
  }

  *#extension(size: number, extensions: Extensions): Reading<Buffer> {
    if (size < 0 || (extensions.size += size) > MAX_EXTENSIONS) throw tooBig();
    return (yield* this.#bytes(size + paddingOf(size))).subarray(0, size);
  }

  *#bytes(length: number): Reading<Buffer> {
    const bytes = this.#source.now(length) ?? (yield length);
    if (bytes.byteLength === length) return bytes;
    throw truncated();
  }
}

/** What stands before a header. */
interface Extensions {
  readonly local: Map<string, Buffer>;
  readonly long: { name?: string; linkName?: string };
  /** Of all of them, in bytes. */
  size: number;
}

function noExtensions(): Extensions {
  return { local: new Map(), long: {}, size: 0 };
}

const none: ReadonlyMap<string, Buffer> = new Map();

function tooBig(): Error {
  return invalid("its extended headers are too big");
}

/** PAX, GNU's long names, and the label of a GNU volume. */
const extensionTypes: ReadonlySet<string> = new Set(["g", "x", "X", "L", "K", "V"]);

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

function verifyNames({ name, linkName }: TarHeader): void {
  if (name.length > MAX_NAME || linkName.length > MAX_NAME)
    throw invalid(`a name of more than ${MAX_NAME} bytes`);
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

/** A part of a path that is no name. */
const oddPart = /(?:^|\/)\.{0,2}(?:\/|$)/;

/** Relative to the root, without "." and ".."; a name that climbs out of the root is an attack. */
function relative(name: string): BytePath {
  if (name.includes("\0")) throw invalid("a name with a NUL byte");
  const plain = name.slice(name.startsWith("./") ? 2 : 0, name.endsWith("/") ? -1 : undefined);
  if (!oddPart.test(plain)) return plain as BytePath; // nearly all: taking it apart takes longer
  const parts: string[] = [];
  for (const part of name.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) throw invalid(`"${name}" leads out of the archive`);
  }
  return parts.join("/") as BytePath;
}
