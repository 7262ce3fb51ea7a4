import { BuildError } from "../../error.js";
import {
  toText,
  type BytePath,
  type DeviceEntry,
  type Entry,
  type FileEntry,
  type SymlinkEntry,
} from "../../oci/changeset.js";
import { fileTypes } from "../../sys/file-stat.js";
import { NAME_MAX } from "../../sys/limits.js";
import type { Metadata } from "../metadata.js";
import type { OverlayXattrs } from "../overlay-xattrs.js";
import { blocksOf, encodeDevice, type InodeArea } from "./inode-area.js";
import type { InodeFields } from "./inode-bytes.js";
import { BLOCK, MAX_BLOCKS } from "./superblock.js";
import { encodeXattrs, NO_XATTRS } from "./xattrs.js";

/** Entries that have an inode of their own, directories aside. */
export type Leaf = Exclude<Entry, { readonly type: "opaque" | "directory" | "hardlink" }>;

/** Keeps data that does not fit behind its inode; answers where. */
export type KeepData = (inode: number, data: string) => void;

const TARGET_MAX = 4095;

/** overlayfs, "whiteouts and opaque directories": a character device 0/0. */
const whiteoutFields: InodeFields = {
  mode: fileTypes.char,
  uid: 0,
  gid: 0,
  mtime: 0,
  xattrs: NO_XATTRS,
};

/** Turns entries into inodes. */
export class EntryInodes {
  readonly #inodes: InodeArea;
  readonly #overlay: OverlayXattrs;
  readonly #keepData: KeepData;

  constructor(inodes: InodeArea, overlay: OverlayXattrs, keepData: KeepData) {
    this.#inodes = inodes;
    this.#overlay = overlay;
    this.#keepData = keepData;
  }

  /** Adds the inode of an entry whose content begins at byte `offset` of that tar. */
  add(entry: Leaf, offset: number, tar: number): number {
    switch (entry.type) {
      case "file":
        return this.#file(entry, offset, tar);
      case "symlink":
        return this.#symlink(entry);
      case "block":
      case "char":
        return this.#device(entry);
      case "fifo":
        return this.#inodes.addSpecial(this.fields(entry, fileTypes.fifo), 0);
      case "whiteout":
        return this.#inodes.addSpecial(whiteoutFields, 0);
    }
  }

  /** What an inode of that type says of the entry, with overlayfs's own attributes. */
  fields(
    entry: Metadata & { readonly path: BytePath },
    type: number,
    marks?: ReadonlyMap<string, Uint8Array>,
  ): InodeFields {
    const { mode, uid, gid, mtime, path } = entry;
    if (marks === undefined && entry.xattrs === undefined)
      return { mode: type | mode, uid, gid, mtime, xattrs: NO_XATTRS };
    const stored = new Map(marks);
    for (const [name, value] of entry.xattrs ?? []) stored.set(this.#overlay.escape(name), value);
    return { mode: type | mode, uid, gid, mtime, xattrs: encodeXattrs(stored, path) };
  }

  #file(entry: FileEntry, offset: number, device: number): number {
    const { size, path } = entry;
    if (blocksOf(offset + size) > MAX_BLOCKS) throw tooBig(path);
    const fields = this.fields(entry, fileTypes.file);
    return this.#inodes.addFile(fields, { size, start: offset / BLOCK, device });
  }

  #symlink(entry: SymlinkEntry): number {
    const { target, path } = entry;
    if (target.length > TARGET_MAX) throw tooLong(path, "its target");
    const fields = this.fields(entry, fileTypes.symlink);
    const inline = this.#inodes.addInlineSymlink(fields, target);
    if (inline !== undefined) return inline;
    const inode = this.#inodes.addPlain(fields);
    this.#keepData(inode, target);
    return inode;
  }

  #device(entry: DeviceEntry): number {
    const { type, path, major, minor } = entry;
    const number = encodeDevice(major, minor);
    if (number === undefined) throw noDevice(path, `Linux has no device ${major}:${minor}`);
    if (type === "char" && number === 0) {
      throw noDevice(path, "overlayfs takes a character device 0/0 for a removed file");
    }
    return this.#inodes.addSpecial(this.fields(entry, fileTypes[type]), number);
  }
}

/** Fails for a name that no Linux filesystem takes. */
export function checkName(path: BytePath): void {
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
