import type { BytePath } from "../../oci/changeset.js";
import { fileTypes } from "../../sys/syscalls.js";
import { DirectoryBlocks, type Child } from "./directory-blocks.js";
import type { InodeArea } from "./inode-area.js";
import { BLOCK } from "./superblock.js";

/** A directory whose inode is there, and whose list of names is not. */
interface OpenDirectory {
  readonly path: BytePath;
  readonly inode: number;
  readonly children: Child[];
}

/**
 * The directories from the root to where an ordered walk is. Each is written when the walk leaves it, so
 * that only names on that way are held in memory.
 */
export class OpenDirectories {
  readonly #inodes: InodeArea;
  readonly #blocks = new DirectoryBlocks();
  readonly #open: OpenDirectory[] = [];
  /** Inodes whose data is in `#blocks`. */
  readonly #placed: number[] = [];

  constructor(inodes: InodeArea) {
    this.#inodes = inodes;
  }

  /** Goes into a new directory of the innermost open one; the first is the root. */
  open(path: BytePath, inode: number): void {
    const parent = this.#open.at(-1);
    if (parent !== undefined) {
      this.name(path, inode);
      this.#inodes.addLink(parent.inode); // its ".."
    }
    this.#inodes.addLink(inode); // its "."
    this.#open.push({ path, inode, children: [] });
  }

  /** Gives the inode a name in the innermost open directory. */
  name(path: BytePath, inode: number): void {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const child = { name, nid: this.#inodes.nid(inode), mode: this.#inodes.mode(inode) };
    this.#open.at(-1)?.children.push(child);
  }

  /** Leaves what is done, up to the parent of `path`; false where the walk is not in that directory. */
  enterParent(path: BytePath): boolean {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    while (this.#open.at(-1)?.path !== parent) {
      if (this.#open.length <= 1) return false;
      this.#close();
    }
    return true;
  }

  /** Keeps data that does not fit behind its inode. */
  keepData(inode: number, data: string): void {
    this.#place(inode, data.length, this.#blocks.addData(data));
  }

  /** Leaves everything; answers the blocks of all directories, which come to lie at `firstBlock`. */
  finish(firstBlock: number): Buffer {
    while (this.#open.length > 0) this.#close();
    for (const inode of this.#placed) this.#inodes.moveData(inode, firstBlock);
    return this.#blocks.bytes;
  }

  #close(): void {
    const directory = this.#open.pop();
    if (directory === undefined) return;
    const { inode, children } = directory;
    this.#insert(children, ".", inode);
    this.#insert(children, "..", this.#open.at(-1)?.inode ?? inode); // the root is its own parent
    const start = this.#blocks.add(children);
    this.#place(inode, this.#blocks.bytes.byteLength - start, start);
  }

  /** Children are in order already, but for names that come before these two, such as "-x". */
  #insert(children: Child[], name: string, inode: number): void {
    const found = children.findIndex((child) => child.name > name);
    const at = found === -1 ? children.length : found;
    children.splice(at, 0, { name, nid: this.#inodes.nid(inode), mode: fileTypes.directory });
  }

  #place(inode: number, size: number, start: number): void {
    this.#inodes.setData(inode, size, start / BLOCK);
    this.#placed.push(inode);
  }
}
