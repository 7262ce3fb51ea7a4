import type { BytePath, Entry, FileEntry, FileVersion } from "./changeset.js";

/** A file of the host whose digest is known: nearly every entry of a large COPY. */
export interface PlainFile extends FileEntry {
  readonly content: Extract<FileEntry["content"], { readonly kind: "file" }>;
  readonly sha256: string;
}

/** Tells what fits into a block. */
export function isPlain(entry: Entry): entry is PlainFile {
  return (
    entry.type === "file" &&
    entry.content.kind === "file" &&
    entry.sha256?.length === SHA256_HEX &&
    entry.xattrs === undefined
  );
}

/** Strings that many files share, each known by a number. */
export class Prefixes {
  readonly #texts: string[] = [];
  readonly #numbers = new Map<string, number>();
  /** Files come by directory: comparing with the last one is faster than looking it up. */
  #last = { text: "", number: -1 };

  number(text: string): number {
    if (this.#last.number >= 0 && this.#last.text === text) return this.#last.number;
    const number = this.#numbers.get(text) ?? this.#add(text);
    this.#last = { text, number };
    return number;
  }

  #add(text: string): number {
    const number = this.#texts.push(text) - 1;
    this.#numbers.set(text, number);
    return number;
  }

  text(number: number): string {
    return this.#texts[number] ?? "";
  }
}

/** What paths in the changeset and on the host begin with, of all blocks of a store. */
export interface BlockPrefixes {
  readonly directories: Prefixes;
  readonly sources: Prefixes;
}

/** Files in a block: so many that its text is worth one conversion, so few that the text may stay. */
export const BLOCK_FILES = 1024;
const SHA256_HEX = 64;

/** Columns of small numbers, and of those that may be large, negative or broken. */
const small = { directory: 0, source: 1, mode: 2, uid: 3, gid: 4, nameEnd: 5, columns: 6 } as const;
const large = { size: 0, mtime: 1, offset: 2, inode: 3, ctimeMs: 4, columns: 5 } as const;

/** Above the bits of the mode. */
const flags = { sameName: 1 << 12, hasVersion: 1 << 13, settled: 1 << 14 } as const;
const modeBits = 0o7777;

/** Some files: their numbers in columns, and while it is read or filled, their names and digests as text. */
export class FileBlock {
  readonly #directories: Prefixes;
  readonly #sources: Prefixes;
  /** Rows for as many files as there may be before these grow: a COPY of one file has a block, too. */
  #rows = 16;
  #small = new Uint32Array(this.#rows * small.columns);
  #large = new Float64Array(this.#rows * large.columns);
  #count = 0;
  /** One behind the other. */
  #names = "";
  #digests = "";
  /** The same once the block is full. */
  #packed: { readonly names: Buffer; readonly digests: Buffer } | undefined;

  constructor({ directories, sources }: BlockPrefixes) {
    this.#directories = directories;
    this.#sources = sources;
  }

  /** Adds a file to a block that is not full. */
  add({ path, mode, uid, gid, size, mtime, content, sha256 }: PlainFile): void {
    if (this.#count === this.#rows) this.#grow();
    const nameStart = path.lastIndexOf("/") + 1;
    const name = path.slice(nameStart);
    const isSameName = content.path.endsWith(name);
    const source = isSameName ? content.path.slice(0, -name.length || undefined) : content.path;
    this.#names += name;
    this.#digests += sha256;
    const i = this.#count * small.columns;
    this.#small[i + small.directory] = this.#directories.number(path.slice(0, nameStart));
    this.#small[i + small.source] = this.#sources.number(source);
    this.#small[i + small.mode] = mode | flagsOf(isSameName, content.version);
    this.#small[i + small.uid] = uid;
    this.#small[i + small.gid] = gid;
    this.#small[i + small.nameEnd] = this.#names.length;
    const j = this.#count * large.columns;
    this.#large[j + large.size] = size;
    this.#large[j + large.mtime] = mtime;
    this.#large[j + large.offset] = content.offset;
    this.#large[j + large.inode] = content.version?.inode ?? 0;
    this.#large[j + large.ctimeMs] = content.version?.ctimeMs ?? 0;
    if (++this.#count === BLOCK_FILES) this.#pack();
  }

  #grow(): void {
    this.#rows *= 4;
    const [smaller, larger] = [this.#small, this.#large];
    this.#small = new Uint32Array(this.#rows * small.columns);
    this.#large = new Float64Array(this.#rows * large.columns);
    this.#small.set(smaller);
    this.#large.set(larger);
  }

  /** The file that was added at `index`. */
  file(index: number): PlainFile {
    this.#unpack();
    const name = this.#names.slice(this.#nameEnd(index - 1), this.#nameEnd(index));
    const bits = this.#smallAt(index, small.mode);
    const source = this.#sources.text(this.#smallAt(index, small.source));
    const directory = this.#directories.text(this.#smallAt(index, small.directory));
    return {
      type: "file",
      path: `${directory}${name}` as BytePath,
      mode: bits & modeBits,
      uid: this.#smallAt(index, small.uid),
      gid: this.#smallAt(index, small.gid),
      mtime: this.#largeAt(index, large.mtime),
      size: this.#largeAt(index, large.size),
      content: {
        kind: "file",
        path: ((bits & flags.sameName) === 0 ? source : `${source}${name}`) as BytePath,
        offset: this.#largeAt(index, large.offset),
        version: this.#version(index, bits),
      },
      sha256: this.#digests.slice(index * SHA256_HEX, (index + 1) * SHA256_HEX),
    };
  }

  /** Forgets the text that `file` has made. */
  rest(): void {
    if (this.#packed === undefined) return;
    this.#names = "";
    this.#digests = "";
  }

  #version(index: number, bits: number): FileVersion | undefined {
    if ((bits & flags.hasVersion) === 0) return undefined;
    return {
      inode: this.#largeAt(index, large.inode),
      ctimeMs: this.#largeAt(index, large.ctimeMs),
      settled: (bits & flags.settled) !== 0,
    };
  }

  #nameEnd(index: number): number {
    return index < 0 ? 0 : this.#smallAt(index, small.nameEnd);
  }

  #smallAt(index: number, column: number): number {
    return this.#small[index * small.columns + column] ?? 0;
  }

  #largeAt(index: number, column: number): number {
    return this.#large[index * large.columns + column] ?? 0;
  }

  #pack(): void {
    const names = Buffer.from(this.#names, "latin1");
    this.#packed = { names, digests: Buffer.from(this.#digests, "hex") };
    this.rest();
  }

  #unpack(): void {
    if (this.#packed === undefined || this.#digests !== "") return;
    this.#names = this.#packed.names.toString("latin1");
    this.#digests = this.#packed.digests.toString("hex");
  }
}

function flagsOf(isSameName: boolean, version: FileVersion | undefined): number {
  const name = isSameName ? flags.sameName : 0;
  if (version === undefined) return name;
  return name | flags.hasVersion | (version.settled ? flags.settled : 0);
}
