import { SHA256_DIGITS, SHA256_SIZE } from "../sha256.js";
import type { BytePath, Entry, FileEntry, FileVersion } from "./changeset.js";
import type { FileRow } from "./file-row.js";

/** A file of the host, or a part of one: nearly every entry of a large COPY. */
export interface PlainFile extends FileEntry {
  readonly content: PlainContent;
  readonly sha256?: string | undefined;
}

/** Where its bytes are. */
export type PlainContent = Extract<FileEntry["content"], { readonly kind: "file" }>;

/** Tells what fits into a block. */
export function isPlain(entry: Entry): entry is PlainFile {
  return entry.type === "file" && entry.content.kind === "file" && entry.xattrs === undefined;
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

/** Columns of small numbers, and of those that may be large, negative or broken. */
const small = { directory: 0, source: 1, mode: 2, uid: 3, gid: 4, nameEnd: 5, columns: 6 } as const;
const large = { size: 0, mtime: 1, offset: 2, inode: 3, ctimeMs: 4, columns: 5 } as const;

/** Above the bits of the mode. */
const flags = {
  sameName: 1 << 12,
  hasVersion: 1 << 13,
  settled: 1 << 14,
  hasDigest: 1 << 15,
} as const;
const modeBits = 0o7777;

/** Some files: their numbers and digests in columns, and while it is read, or filled, names and digests as text. */
export class FileBlock {
  readonly #directories: Prefixes;
  readonly #sources: Prefixes;
  /** Rows for as many files as there may be before these grow: a COPY of one file has a block, too. */
  #rows = 16;
  #small = new Uint32Array(this.#rows * small.columns);
  #large = new Float64Array(this.#rows * large.columns);
  #digests = Buffer.alloc(this.#rows * SHA256_SIZE);
  #count = 0;
  /** One behind the other. */
  #names = "";
  #digestText = "";
  /** The names once the block is full. */
  #packed: Buffer | undefined;

  constructor({ directories, sources }: BlockPrefixes) {
    this.#directories = directories;
    this.#sources = sources;
  }

  /** Adds a file to a block that is not full. */
  add({ path, mode, uid, gid, size, mtime, content, sha256 }: PlainFile): void {
    if (this.#count === this.#rows) this.#grow();
    const nameStart = path.lastIndexOf("/") + 1;
    const name = path.slice(nameStart);
    this.#names += name;
    const i = this.#count * small.columns;
    this.#small[i + small.directory] = this.#directories.number(path.slice(0, nameStart));
    this.#small[i + small.mode] = mode;
    this.#small[i + small.uid] = uid;
    this.#small[i + small.gid] = gid;
    this.#small[i + small.nameEnd] = this.#names.length;
    const j = this.#count * large.columns;
    this.#large[j + large.size] = size;
    this.#large[j + large.mtime] = mtime;
    this.#setContent(this.#count, content, name);
    if (sha256 !== undefined) this.#setDigest(this.#count, Buffer.from(sha256, "hex"));
    if (++this.#count === BLOCK_FILES) this.#pack();
  }

  /** Says of the file that was added at `index` what its content turned out to be. */
  settle(index: number, sha256: Uint8Array, content: PlainContent | undefined): void {
    this.#setDigest(index, sha256);
    if (content !== undefined) this.#setContent(index, content, "");
  }

  /** `name`: what the path of the content may end in. */
  #setContent(index: number, { path, offset, version }: PlainContent, name: string): void {
    const isSameName = name !== "" && path.endsWith(name);
    const source = isSameName ? path.slice(0, -name.length) : path;
    const i = index * small.columns;
    this.#small[i + small.source] = this.#sources.number(source);
    const kept = this.#smallAt(index, small.mode) & (modeBits | flags.hasDigest);
    this.#small[i + small.mode] = kept | flagsOf(isSameName, version);
    const j = index * large.columns;
    this.#large[j + large.offset] = offset;
    this.#large[j + large.inode] = version?.inode ?? 0;
    this.#large[j + large.ctimeMs] = version?.ctimeMs ?? 0;
  }

  #setDigest(index: number, sha256: Uint8Array): void {
    this.#digests.set(sha256, index * SHA256_SIZE);
    this.#digestText = "";
    const i = index * small.columns + small.mode;
    this.#small[i] = (this.#small[i] ?? 0) | flags.hasDigest;
  }

  #grow(): void {
    this.#rows *= 4;
    const [smaller, larger, digests] = [this.#small, this.#large, this.#digests];
    this.#small = new Uint32Array(this.#rows * small.columns);
    this.#large = new Float64Array(this.#rows * large.columns);
    this.#small.set(smaller);
    this.#large.set(larger);
    this.#digests = Buffer.alloc(this.#rows * SHA256_SIZE);
    this.#digests.set(digests);
  }

  /** The file that was added at `index`. */
  file(index: number): PlainFile {
    const name = this.#name(index);
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
      sha256: (bits & flags.hasDigest) === 0 ? undefined : this.#digest(index),
    };
  }

  /** Makes a row that of the file that was added at `index`; false where it has no digest. */
  read(index: number, row: FileRow): boolean {
    const bits = this.#smallAt(index, small.mode);
    if ((bits & flags.hasDigest) === 0) return false;
    row.directory = this.#directories.text(this.#smallAt(index, small.directory));
    row.name = this.#name(index);
    row.mode = bits & modeBits;
    row.uid = this.#smallAt(index, small.uid);
    row.gid = this.#smallAt(index, small.gid);
    row.size = this.#largeAt(index, large.size);
    row.sha256 = this.#digest(index);
    return true;
  }

  /** Forgets the text that `file` has made. */
  rest(): void {
    if (this.#packed === undefined) return;
    this.#names = "";
    this.#digestText = "";
  }

  #version(index: number, bits: number): FileVersion | undefined {
    if ((bits & flags.hasVersion) === 0) return undefined;
    return {
      inode: this.#largeAt(index, large.inode),
      ctimeMs: this.#largeAt(index, large.ctimeMs),
      settled: (bits & flags.settled) !== 0,
    };
  }

  #name(index: number): string {
    this.#unpack();
    return this.#names.slice(this.#nameEnd(index - 1), this.#nameEnd(index));
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

  /** All of them become text at once: one by one takes several times as long. */
  #digest(index: number): string {
    const end = this.#count * SHA256_SIZE;
    if (this.#digestText === "") this.#digestText = this.#digests.toString("hex", 0, end);
    return this.#digestText.slice(index * SHA256_DIGITS, (index + 1) * SHA256_DIGITS);
  }

  #pack(): void {
    this.#packed = Buffer.from(this.#names, "latin1");
    this.rest();
  }

  #unpack(): void {
    if (this.#packed !== undefined && this.#names === "")
      this.#names = this.#packed.toString("latin1");
  }
}

function flagsOf(isSameName: boolean, version: FileVersion | undefined): number {
  const name = isSameName ? flags.sameName : 0;
  if (version === undefined) return name;
  return name | flags.hasVersion | (version.settled ? flags.settled : 0);
}
