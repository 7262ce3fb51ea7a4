import { fileTypes } from "../../sys/file-stat.js";
import { ByteArea } from "./byte-area.js";
import { BLOCK } from "./superblock.js";

/** A name in a directory. */
export interface Child {
  readonly name: string;
  readonly nid: number;
  /** With its type bits. */
  readonly mode: number;
}

/** struct erofs_dirent: nid, offset of the name, type. */
const DIRENT = 12;

/** Generic file types (FT_…). */
const typeNumbers: ReadonlyMap<number, number> = new Map([
  [fileTypes.file, 1],
  [fileTypes.directory, 2],
  [fileTypes.char, 3],
  [fileTypes.block, 4],
  [fileTypes.fifo, 5],
  [fileTypes.symlink, 7],
]);

/** The lists of names of all directories, each in blocks of its own. */
export class DirectoryBlocks {
  readonly #area = new ByteArea();

  /** Whole blocks. */
  get bytes(): Buffer {
    return this.#area.bytes;
  }

  /**
   * Adds a directory, with "." and ".." among its names: the kernel searches by halves over blocks and
   * names, in the order of bytes. Answers where it begins.
   */
  add(children: readonly Child[]): number {
    const start = this.#area.length;
    for (let first = 0; first < children.length;) {
      const end = endOfBlock(children, first);
      this.#addBlock(children, first, end);
      first = end;
    }
    return start;
  }

  /** Adds data of a long symlink. */
  addData(data: string): number {
    const at = this.#area.grow(data.length);
    this.#area.buffer.write(data, at, "latin1");
    this.#area.align(BLOCK);
    return at;
  }

  #addBlock(children: readonly Child[], first: number, end: number): void {
    const at = this.#area.grow(BLOCK);
    const { buffer: bytes, view } = this.#area;
    let nameAt = (end - first) * DIRENT;
    for (let i = first; i < end; i++) {
      const child = children[i];
      if (child === undefined) break;
      const entry = at + (i - first) * DIRENT;
      view.setUint32(entry, child.nid, true);
      view.setUint16(entry + 8, nameAt, true);
      view.setUint8(entry + 10, typeNumbers.get(child.mode & fileTypes.mask) ?? 0);
      bytes.write(child.name, at + nameAt, "latin1");
      nameAt += child.name.length;
    }
  }
}

/** Where the list of names of a directory is. */
export interface Blocks {
  readonly start: number;
  /** A multiple of that of a block. */
  readonly size: number;
}

/** The nid behind a name of a directory: by halves, and without a string for each name it looks at. */
export function findName(bytes: Buffer, { start, size }: Blocks, name: string): number | undefined {
  let [from, to] = [0, size / BLOCK];
  while (to - from > 1) {
    const middle = (from + to) >> 1;
    if (firstName(bytes, start + middle * BLOCK) <= name) from = middle;
    else to = middle;
  }
  const block = start + from * BLOCK;
  const end = block + bytes.readUInt16LE(block + 8);
  for (let entry = block; entry < end; entry += DIRENT) {
    const nameAt = block + bytes.readUInt16LE(entry + 8);
    const nameEnd = endOfName(bytes, block, entry);
    if (nameEnd - nameAt === name.length && isAt(bytes, nameAt, name))
      return bytes.readUInt32LE(entry);
  }
  return undefined;
}

function isAt(bytes: Buffer, at: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) if (bytes[at + i] !== name.charCodeAt(i)) return false;
  return true;
}

function firstName(bytes: Buffer, block: number): string {
  const nameAt = block + bytes.readUInt16LE(block + 8);
  return bytes.toString("latin1", nameAt, endOfName(bytes, block, block));
}

/** Names follow each other; what is left of a block is zeros. */
function endOfName(bytes: Buffer, block: number, entry: number): number {
  const isLast = entry + DIRENT === block + bytes.readUInt16LE(block + 8);
  if (!isLast) return block + bytes.readUInt16LE(entry + DIRENT + 8);
  const end = block + BLOCK;
  const nul = bytes.indexOf(0, block + bytes.readUInt16LE(entry + 8));
  return nul === -1 || nul > end ? end : nul;
}

/** What a block of a directory holds: nids by name. */
export function namesIn(bytes: Buffer, block: number): ReadonlyMap<string, number> {
  const names = new Map<string, number>();
  const end = block + bytes.readUInt16LE(block + 8);
  for (let entry = block; entry < end; entry += DIRENT) {
    const nameAt = block + bytes.readUInt16LE(entry + 8);
    const name = bytes.toString("latin1", nameAt, endOfName(bytes, block, entry));
    names.set(name, bytes.readUInt32LE(entry));
  }
  return names;
}

/** As many as fit, from `first` on: names follow the entries without gaps. */
function endOfBlock(children: readonly Child[], first: number): number {
  let used = 0;
  let end = first;
  for (; end < children.length; end++) {
    used += DIRENT + (children[end]?.name.length ?? 0);
    if (used > BLOCK) break;
  }
  return end;
}
