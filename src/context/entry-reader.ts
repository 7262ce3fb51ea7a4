import type { BytePath, Entry, FileEntry } from "../oci/changeset.js";
import { fileTypes, FileStat } from "../sys/syscalls.js";
import { joinPath, type ConfinedDirectory } from "./confined.js";
import { emptySha256, hashFile } from "./hash-file.js";
import { capabilityOnly, keptXattrs } from "./kept-xattrs.js";
import type { LocalTree } from "./local-tree.js";

/** A name in an open directory, and what its path is. */
export interface Place {
  readonly directory: ConfinedDirectory;
  readonly name: BytePath;
  /** From the root of the tree. */
  readonly path: BytePath;
  /** In the changeset. */
  readonly entryPath: BytePath;
}

type Metadata = Pick<Entry & { type: "fifo" }, "path" | "mode" | "uid" | "gid" | "mtime">;

/** An entry, and for a file with several names what identifies it. */
export interface Read {
  readonly entry: Entry;
  readonly inode: string | undefined;
}

/** Turns files into entries, with digests; what has several names is read once. */
export class EntryReader {
  readonly #tree: LocalTree;
  readonly #stat = new FileStat();
  /** Files with several names. */
  readonly #inodes = new Map<string, FileEntry>();

  constructor(tree: LocalTree) {
    this.#tree = tree;
  }

  /** Undefined when there is nothing (any more), or no directory where one is wanted. */
  async read(place: Place, wants: "anything" | "directory"): Promise<Read | undefined> {
    const { directory, name } = place;
    const stat = this.#stat;
    if (!directory.lstat(name, stat)) return undefined;
    if (wants === "directory" && stat.type !== fileTypes.directory) return undefined;
    if (stat.type === fileTypes.file) return await this.#file(place);
    const entry = this.#special(place);
    return entry === undefined ? undefined : { entry, inode: undefined };
  }

  #special(place: Place): Entry | undefined {
    const { directory, name } = place;
    const metadata = this.#metadata(place);
    switch (this.#stat.type) {
      case fileTypes.directory:
        return { type: "directory", ...metadata, ...this.#xattrs(place) };
      case fileTypes.symlink:
        return { type: "symlink", ...metadata, target: directory.readLink(name) };
      case fileTypes.socket:
        return this.#tree.kind === "rootfs" ? undefined : emptyFile(metadata);
      case fileTypes.fifo:
        return { type: "fifo", ...metadata };
      case fileTypes.block:
        return { type: "block", ...metadata, ...this.#device() };
      case fileTypes.char:
        return { type: "char", ...metadata, ...this.#device() };
      default:
        throw new Error(`no such file type: 0o${this.#stat.type.toString(8)}`);
    }
  }

  async #file(place: Place): Promise<Read> {
    const stat = this.#stat;
    if (stat.nlink < 2) return { entry: await this.#hashed(place), inode: undefined };
    const inode = `${stat.filesystem} ${stat.inode}`;
    const known = this.#inodes.get(inode);
    if (known !== undefined) return { entry: { ...known, path: place.entryPath }, inode };
    const entry = await this.#hashed(place);
    this.#inodes.set(inode, entry);
    return { entry, inode };
  }

  async #hashed(place: Place): Promise<FileEntry> {
    const { size } = this.#stat;
    const path = joinPath(this.#tree.root, place.path);
    const content = { kind: "file", path, offset: 0 } as const;
    const file = { type: "file", ...this.#metadata(place), size, content } as const;
    const known = this.#tree.index?.lookup(this.#stat);
    if (known !== undefined) return { ...file, sha256: known };
    const attributes = this.#xattrs(place);
    const sha256 = await hashFile(place, size);
    if (attributes === undefined) this.#tree.index?.record(this.#stat, sha256);
    return { ...file, ...attributes, sha256 };
  }

  #metadata({ entryPath }: Place): Metadata {
    const stat = this.#stat;
    const kept = this.#tree.kind === "rootfs";
    return {
      path: entryPath,
      mode: stat.permissions,
      uid: kept ? stat.uid : 0,
      gid: kept ? stat.gid : 0,
      mtime: stat.mtimeSeconds,
    };
  }

  #xattrs({ directory, name }: Place): { xattrs: ReadonlyMap<string, Uint8Array> } | undefined {
    const read = this.#tree.kind === "rootfs" ? keptXattrs : capabilityOnly;
    const xattrs = read(directory.host(name));
    return xattrs === undefined ? undefined : { xattrs };
  }

  #device(): { major: number; minor: number } {
    return { major: this.#stat.deviceMajor, minor: this.#stat.deviceMinor };
  }
}

function emptyFile(metadata: Metadata): Entry {
  const content = { kind: "bytes", bytes: new Uint8Array() } as const;
  return { type: "file", ...metadata, size: 0, content, sha256: emptySha256 };
}
