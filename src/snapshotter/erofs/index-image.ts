import type { BytePath } from "../../oci/changeset.js";
import { fileTypes } from "../../sys/file-stat.js";
import { viewOf } from "../../sys/byte-view.js";
import { SHA256_SIZE } from "../../sha256.js";
import { INODE, layouts, placeOfContent, readSize, type ContentPlace } from "./inode-bytes.js";
import { findName, namesIn } from "./directory-blocks.js";
import { BLOCK, INODE_SLOT, readHead } from "./superblock.js";
import { decodeXattrs, xattrBody } from "./xattrs.js";

/** What an index says of a file. */
export interface Inode {
  /** Counts from 1. */
  readonly number: number;
  /** Type bits of the mode, and the others. */
  readonly type: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly links: number;
  readonly size: number;
  /** As the kernel encodes it. */
  readonly device: number;
  /** As stored, with overlayfs's own. */
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  readonly layout: number;
  /** Block of the data of a plain one. */
  readonly block: number;
  /** Where in the image it is, and where what follows it and its attributes begins. */
  readonly at: number;
  readonly behind: number;
}

const none: ReadonlyMap<string, Uint8Array> = new Map();

/** Reads an image that `LayerIndex` wrote, and no other. */
export class IndexImage {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #rootNid: number;
  /** Where the digests begin. */
  readonly #end: number;

  constructor(bytes: Buffer) {
    const { rootNid, blocks } = readHead(bytes);
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.#rootNid = rootNid;
    this.#end = blocks * BLOCK;
  }

  root(): Inode {
    return this.inode(this.#rootNid);
  }

  inode(nid: number): Inode {
    const bytes = this.#bytes;
    const at = nid * INODE_SLOT;
    const body = xattrBody(bytes.readUInt16LE(at + 2));
    const mode = bytes.readUInt16LE(at + 4);
    const union = bytes.readUInt32LE(at + 16);
    const behind = at + INODE + body;
    return {
      number: bytes.readUInt32LE(at + 20),
      type: mode & fileTypes.mask,
      mode: mode & ~fileTypes.mask,
      uid: bytes.readUInt32LE(at + 24),
      gid: bytes.readUInt32LE(at + 28),
      mtime: bytes.readUInt32LE(at + 32) + bytes.readInt32LE(at + 36) * 2 ** 32,
      links: bytes.readUInt32LE(at + 44),
      size: readSize(this.#view, at),
      device: union,
      xattrs: body === 0 ? none : decodeXattrs(bytes.subarray(at + INODE, behind)),
      layout: bytes.readUInt16LE(at) & layouts.mask,
      block: union,
      at,
      behind,
    };
  }

  /** What a directory holds: nids by name. */
  children({ block, size }: Inode): ReadonlyMap<string, number> {
    const children = new Map<string, number>();
    const start = block * BLOCK;
    for (let at = start; at < start + size; at += BLOCK)
      for (const [name, nid] of namesIn(this.#bytes, at)) children.set(name, nid);
    children.delete(".");
    children.delete("..");
    return children;
  }

  /** The nid of one of them. */
  child({ block, size }: Inode, name: string): number | undefined {
    return findName(this.#bytes, { start: block * BLOCK, size }, name);
  }

  /** The inode at a path. */
  find(path: BytePath): Inode | undefined {
    let inode = this.root();
    for (const name of path === "" ? [] : path.split("/")) {
      const nid = inode.type === fileTypes.directory ? this.child(inode, name) : undefined;
      if (nid === undefined) return undefined;
      inode = this.inode(nid);
    }
    return inode;
  }

  /** Of a symlink. */
  target({ layout, size, block, behind }: Inode): BytePath {
    const at = layout === layouts.inline ? behind : block * BLOCK;
    return this.#bytes.toString("latin1", at, at + size) as BytePath;
  }

  /** Where the content of a file begins; undefined of an empty one. */
  contentPlace({ size, at }: Inode): ContentPlace | undefined {
    return size === 0 ? undefined : placeOfContent(this.#view, at);
  }

  /** Of the content of a file in hex; undefined in an index from before digests were kept. */
  sha256({ number }: Inode): string | undefined {
    const at = this.#end + (number - 1) * SHA256_SIZE;
    if (at + SHA256_SIZE > this.#bytes.byteLength) return undefined;
    return this.#bytes.toString("hex", at, at + SHA256_SIZE);
  }
}
