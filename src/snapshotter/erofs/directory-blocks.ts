import { fileTypes } from "../../sys/syscalls.js";
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
export const DIRENT = 12;

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

  /** The nid behind a name of the directory that begins at `start`. */
  find(
    { start, size }: { readonly start: number; readonly size: number },
    name: string,
  ): number | undefined {
    let [from, to] = [0, size / BLOCK];
    while (to - from > 1) {
      const middle = (from + to) >> 1;
      if (this.#first(start + middle * BLOCK) <= name) from = middle;
      else to = middle;
    }
    return namesIn(this.bytes, start + from * BLOCK).get(name);
  }

  #first(block: number): string {
    const [name = ""] = namesIn(this.bytes, block).keys();
    return name;
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
    const bytes = this.#area.buffer;
    let nameAt = (end - first) * DIRENT;
    for (let i = first; i < end; i++) {
      const child = children[i];
      if (child === undefined) break;
      const entry = at + (i - first) * DIRENT;
      bytes.writeUInt32LE(child.nid, entry);
      bytes.writeUInt16LE(nameAt, entry + 8);
      bytes.writeUInt8(typeNumbers.get(child.mode & fileTypes.mask) ?? 0, entry + 10);
      bytes.write(child.name, at + nameAt, "latin1");
      nameAt += child.name.length;
    }
  }
}

/** What a block of a directory holds: nids by name. */
export function namesIn(bytes: Buffer, block: number): ReadonlyMap<string, number> {
  const names = new Map<string, number>();
  const firstName = bytes.readUInt16LE(block + 8);
  for (let entry = 0; entry < firstName; entry += DIRENT) {
    const nameAt = block + bytes.readUInt16LE(block + entry + 8);
    const isLast = entry + DIRENT === firstName;
    const end = block + (isLast ? BLOCK : bytes.readUInt16LE(block + entry + DIRENT + 8));
    const nul = isLast ? bytes.indexOf(0, nameAt) : -1; // what is left of a block is zeros
    const nameEnd = nul === -1 || nul > end ? end : nul;
    names.set(bytes.toString("latin1", nameAt, nameEnd), bytes.readUInt32LE(block + entry));
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
