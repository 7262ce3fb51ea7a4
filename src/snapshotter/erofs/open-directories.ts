import type { BytePath } from "../../oci/changeset.js";
import { fileTypes } from "../../sys/file-stat.js";
import { DirectoryBlocks, findName, type Child } from "./directory-blocks.js";
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

  /** The inode at a path that the walk has passed. */
  find(path: BytePath): number | undefined {
    const open = this.#open.findLast(({ path: above }) => isInside(path, above));
    if (open === undefined) return undefined;
    const [first = "", ...below] = path
      .slice(open.path === "" ? 0 : open.path.length + 1)
      .split("/");
    let nid = nidOf(open.children, first);
    for (const name of below) {
      if (nid === undefined) return undefined;
      nid = this.#findIn(this.#inodes.at(nid), name);
    }
    return nid === undefined ? undefined : this.#inodes.at(nid);
  }

  /** In a directory that is left. */
  #findIn(inode: number, name: string): number | undefined {
    if ((this.#inodes.mode(inode) & fileTypes.mask) !== fileTypes.directory) return undefined;
    const { size, block } = this.#inodes.data(inode);
    return findName(this.#blocks.bytes, { start: block * BLOCK, size }, name);
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

function isInside(path: BytePath, directory: BytePath): boolean {
  return directory === "" || path.startsWith(`${directory}/`);
}

/** By halves: names are in order. */
function nidOf(children: readonly Child[], name: string): number | undefined {
  let [from, to] = [0, children.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((children[middle]?.name ?? "") < name) from = middle + 1;
    else to = middle;
  }
  const found = children[from];
  return found?.name === name ? found.nid : undefined;
}
