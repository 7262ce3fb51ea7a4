import { BuildError } from "../../error.js";
import { comparePaths, toText } from "../../oci/changeset.js";
import type { BytePath, Entry, FileEntry, HardlinkEntry } from "../../oci/changeset.js";
import type { DeviceEntry, DirectoryEntry, SymlinkEntry } from "../../oci/changeset.js";
import { fileTypes } from "../../sys/syscalls.js";
import type { Metadata } from "../metadata.js";
import { OverlayXattrs } from "../overlay-xattrs.js";
import { DirectoryBlocks, type Child } from "./directory-blocks.js";
import { blocksOf, encodeDevice, InodeArea, type InodeFields } from "./inode-area.js";
import { BLOCK, encodeHead, HEAD } from "./superblock.js";
import { encodeXattrs, NO_XATTRS } from "./xattrs.js";

/** A directory that may still get children: its inode is there, its list of names is not. */
interface OpenDirectory {
  readonly path: BytePath;
  readonly inode: number;
  readonly children: Child[];
}

/** A directory of which the next entry decides whether it is opaque. */
interface PendingDirectory {
  readonly entry: DirectoryEntry;
  /** overlayfs's attributes, and ours. */
  readonly marks: Map<string, Uint8Array>;
  readonly opaque: boolean;
}

const NAME_MAX = 255;
const PATH_MAX = 4095;

const unlistedRoot: DirectoryEntry = {
  type: "directory",
  path: "" as BytePath,
  mode: 0o755,
  uid: 0,
  gid: 0,
  mtime: 0,
};

/**
 * Writes the metadata of a layer as an EROFS image whose files lie in the layer's tar, in the form
 * that overlayfs takes as a lower layer. For tidy changesets only: what their order promises is what
 * lets every inode be written at once and forgotten. 300,000 files take about 100 MB.
 */
export class LayerIndex {
  readonly #inodes = new InodeArea();
  readonly #directories = new DirectoryBlocks();
  readonly #overlay = new OverlayXattrs({ userNamespace: false });
  /** First names of everything but directories, for hard links. */
  readonly #inodeOf = new Map<BytePath, number>();
  /** Inodes whose data lies among the directories. */
  readonly #plain: number[] = [];
  readonly #open: OpenDirectory[] = [];
  #pending: PendingDirectory | undefined = {
    entry: unlistedRoot,
    marks: new Map(),
    opaque: false,
  };
  #last: BytePath | undefined;

  /**
   * Adds the next entry; a file's content begins at byte `offset` of the tar. False when the changeset
   * is not tidy: out of order, with repeats, without parents, with links that change their file, or
   * with marks at odd places. The index is then of no more use.
   */
  add(entry: Entry, offset: number): boolean {
    if (entry.type === "opaque") return this.#markOpaque(entry.path);
    if (this.#last !== undefined && comparePaths(this.#last, entry.path) >= 0) return false;
    this.#last = entry.path;
    if (entry.path === "") return this.#listRoot(entry);
    this.#openPending();
    if (!this.#enterParent(entry.path)) return false;
    checkName(entry.path);
    return this.#child(entry, offset);
  }

  /** The parts of the image of all that was added, over a tar of `tarSize` bytes. */
  finish(tarSize: number): readonly Buffer[] {
    this.#openPending();
    const root = this.#open[0]?.inode ?? 0;
    while (this.#open.length > 0) this.#close();
    const padding = Buffer.alloc((BLOCK - (this.#inodes.length % BLOCK)) % BLOCK);
    const before = blocksOf(HEAD + this.#inodes.length);
    for (const inode of this.#plain) this.#inodes.moveData(inode, before);
    const head = encodeHead({
      inodes: this.#inodes.count,
      blocks: before + blocksOf(this.#directories.bytes.byteLength),
      deviceBlocks: blocksOf(tarSize),
      rootNid: this.#inodes.nid(root),
    });
    return [head, this.#inodes.bytes, padding, this.#directories.bytes];
  }

  #markOpaque(path: BytePath): boolean {
    const pending = this.#pending;
    if (pending?.entry.path !== path || pending.opaque) return false;
    this.#overlay.markOpaque(pending.marks);
    this.#pending = { ...pending, opaque: true };
    this.#last = path;
    return true;
  }

  /** Every image has a root directory; one that the changeset lists is marked as such. */
  #listRoot(entry: Entry): boolean {
    const pending = this.#pending;
    if (entry.type !== "directory" || pending === undefined) return false;
    if (pending.marks.size > 0) return false;
    this.#overlay.markRootListed(pending.marks);
    this.#pending = { ...pending, entry };
    return true;
  }

  #openPending(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    const { entry, marks } = pending;
    const inode = this.#inodes.addPlain(this.#fields(entry, fileTypes.directory, marks));
    if (this.#open.length > 0) {
      this.#name(entry.path, inode);
      const parent = this.#open.at(-1);
      if (parent !== undefined) this.#inodes.addLink(parent.inode); // its ".."
    }
    this.#inodes.addLink(inode); // its "."
    this.#open.push({ path: entry.path, inode, children: [] });
  }

  /** Closes what is done, up to the parent of `path`; false where that is no listed directory. */
  #enterParent(path: string): boolean {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    while (this.#open.at(-1)?.path !== parent) {
      if (this.#open.length <= 1) return false;
      this.#close();
    }
    return true;
  }

  /** Writes the list of names of the innermost open directory. */
  #close(): void {
    const directory = this.#open.pop();
    if (directory === undefined) return;
    const { inode, children } = directory;
    const parent = this.#open.at(-1)?.inode ?? inode; // the root is its own
    this.#insert(children, ".", inode);
    this.#insert(children, "..", parent);
    const start = this.#directories.add(children);
    this.#place(inode, this.#directories.bytes.byteLength - start, start);
  }

  /** Children are in order already, but for names that come before these two, such as "-x". */
  #insert(children: Child[], name: string, inode: number): void {
    const found = children.findIndex((child) => child.name > name);
    const at = found === -1 ? children.length : found;
    children.splice(at, 0, { name, nid: this.#inodes.nid(inode), mode: fileTypes.directory });
  }

  #place(inode: number, size: number, start: number): void {
    this.#inodes.setData(inode, size, start / BLOCK);
    this.#plain.push(inode);
  }

  #child(entry: Exclude<Entry, { readonly type: "opaque" }>, offset: number): boolean {
    if (entry.type === "directory") {
      this.#pending = { entry, marks: new Map(), opaque: false };
      return true;
    }
    const inode = entry.type === "hardlink" ? this.#linked(entry) : this.#inode(entry, offset);
    if (inode === undefined) return false;
    this.#name(entry.path, inode);
    const linkable = entry.type !== "hardlink" && entry.type !== "whiteout";
    if (linkable) this.#inodeOf.set(entry.path, inode);
    return true;
  }

  #inode(
    entry: Exclude<Entry, { readonly type: "opaque" | "directory" | "hardlink" }>,
    offset: number,
  ): number {
    switch (entry.type) {
      case "file":
        return this.#file(entry, offset);
      case "symlink":
        return this.#symlink(entry);
      case "block":
      case "char":
        return this.#device(entry);
      case "fifo":
        return this.#inodes.addSpecial(this.#fields(entry, fileTypes.fifo), 0);
      case "whiteout":
        return this.#inodes.addSpecial(
          this.#fields({ ...unlistedRoot, mode: 0 }, fileTypes.char),
          0,
        );
    }
  }

  #file(entry: FileEntry, offset: number): number {
    const start = offset / BLOCK;
    if (blocksOf(offset + entry.size) > 0xffffffff) throw tooBig(entry.path);
    return this.#inodes.addFile(this.#fields(entry, fileTypes.file), entry.size, start);
  }

  #symlink(entry: SymlinkEntry): number {
    const { target, path } = entry;
    if (target.length > PATH_MAX) throw tooLong(path, "its target");
    const fields = this.#fields(entry, fileTypes.symlink);
    const inline = this.#inodes.addInlineSymlink(fields, target);
    if (inline !== undefined) return inline;
    const inode = this.#inodes.addPlain(fields);
    this.#place(inode, target.length, this.#directories.addData(target));
    return inode;
  }

  #device(entry: DeviceEntry): number {
    const { type, path, major, minor } = entry;
    const number = encodeDevice(major, minor);
    if (number === undefined) throw noDevice(path, `Linux has no device ${major}:${minor}`);
    if (type === "char" && number === 0) {
      throw noDevice(path, "overlayfs takes a character device 0/0 for a removed file");
    }
    return this.#inodes.addSpecial(this.#fields(entry, fileTypes[type]), number);
  }

  /** The inode of an earlier first name, when the link says of it what that name did. */
  #linked(entry: HardlinkEntry): number | undefined {
    const inode = this.#inodeOf.get(entry.target);
    if (inode === undefined) return undefined;
    if (!this.#inodes.matches(inode, this.#fields(entry, 0))) return undefined;
    this.#inodes.addLink(inode);
    return inode;
  }

  #name(path: string, inode: number): void {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const child = { name, nid: this.#inodes.nid(inode), mode: this.#inodes.mode(inode) };
    this.#open.at(-1)?.children.push(child);
  }

  #fields(
    metadata: Metadata & { readonly path: BytePath },
    type: number,
    marks?: ReadonlyMap<string, Uint8Array>,
  ): InodeFields {
    const { mode, uid, gid, mtime, path } = metadata;
    if (marks === undefined && metadata.xattrs === undefined) {
      return { mode: type | mode, uid, gid, mtime, xattrs: NO_XATTRS };
    }
    const stored = new Map(marks);
    for (const [name, value] of metadata.xattrs ?? []) {
      stored.set(this.#overlay.escape(name), value);
    }
    return { mode: type | mode, uid, gid, mtime, xattrs: encodeXattrs(stored, path) };
  }
}

function checkName(path: BytePath): void {
  const length = path.length - path.lastIndexOf("/") - 1;
  if (length > NAME_MAX) throw tooLong(path, "its name");
}

function tooLong(path: BytePath, what: string): BuildError {
  return new BuildError("INVALID_ARCHIVE", `Cannot write "${toText(path)}": ${what} is too long`);
}

function tooBig(path: BytePath): BuildError {
  return new BuildError(
    "UNSUPPORTED",
    `Cannot put "${toText(path)}" into a layer: the layer would be bigger than 2 TiB`,
  );
}

function noDevice(path: BytePath, problem: string): BuildError {
  return new BuildError("UNSUPPORTED", `Cannot write "${toText(path)}": ${problem}`);
}
