import { fileTypes } from "../../sys/file-stat.js";
import { ByteArea } from "./byte-area.js";
import {
  CHUNK_INDEX,
  EXTENDED,
  highWord,
  indexesSize,
  INODE,
  layouts,
  writeExtent,
  writeRights,
  writeSize,
  type Extent,
  type InodeFields,
} from "./inode-bytes.js";
import { BLOCK, INODE_SLOT } from "./superblock.js";
import { xattrUnits } from "./xattrs.js";

/** The inodes of an image one after the other, each known by its offset in the area. */
export class InodeArea {
  readonly #area = new ByteArea();
  readonly #head: number;
  #count = 0;

  /** `head`: bytes of the image before the area. */
  constructor(head: number) {
    this.#head = head;
  }

  get count(): number {
    return this.#count;
  }
  get length(): number {
    return this.#area.length;
  }
  get bytes(): Buffer {
    return this.#area.bytes;
  }

  /** A directory, symlink or empty file; `setData` tells later where its data is. */
  addPlain(fields: InodeFields): number {
    return this.#add(fields, layouts.plain);
  }

  /** A device or a FIFO; `device` is its number as the kernel encodes it. */
  addSpecial(fields: InodeFields, device: number): number {
    const at = this.#add(fields, layouts.plain);
    this.#area.buffer.writeUInt32LE(device, at + 16);
    return at;
  }

  /** A file whose bytes begin at block `start` of an extra device, of which the first is 1. */
  addFile(fields: InodeFields, extent: Extent): number {
    if (extent.size === 0) return this.#add(fields, layouts.plain);
    const at = this.#add(fields, layouts.chunks);
    this.#area.align(CHUNK_INDEX);
    this.#area.grow(indexesSize(extent.size));
    writeExtent(this.#area.buffer, at, extent);
    return at;
  }

  /**
   * A symlink with its target right behind it, or undefined where that does not fit: such data must
   * not cross the end of a block.
   */
  addInlineSymlink(fields: InodeFields, target: string): number | undefined {
    const before = INODE + fields.xattrs.byteLength;
    const fits = (at: number): boolean => ((at + before) % BLOCK) + target.length <= BLOCK;
    if (!fits(0)) return undefined;
    this.#area.align(INODE_SLOT);
    if (!fits(this.#area.length)) this.#area.align(BLOCK);
    const at = this.#add(fields, layouts.inline);
    writeSize(this.#area.buffer, at, target.length);
    const data = this.#area.grow(target.length);
    this.#area.buffer.write(target, data, "latin1");
    return at;
  }

  /** Whether it may have several names: directories may not, and whiteouts are no files. */
  takesLinks(at: number): boolean {
    const type = this.mode(at) & fileTypes.mask;
    if (type === fileTypes.directory) return false;
    return type !== fileTypes.char || this.#area.buffer.readUInt32LE(at + 16) !== 0;
  }

  /** One more name for the inode. */
  addLink(at: number, links = 1): void {
    this.#area.buffer.writeUInt32LE(this.#area.buffer.readUInt32LE(at + 44) + links, at + 44);
  }

  /** Where the data of a plain inode is. */
  setData(at: number, size: number, block: number): void {
    writeSize(this.#area.buffer, at, size);
    this.#area.buffer.writeUInt32LE(block, at + 16);
  }

  /** What `setData` set. */
  data(at: number): { readonly size: number; readonly block: number } {
    const bytes = this.#area.buffer;
    return { size: bytes.readUInt32LE(at + 8), block: bytes.readUInt32LE(at + 16) };
  }

  /** What `setData` set, `blocks` further. */
  moveData(at: number, blocks: number): void {
    this.#area.buffer.writeUInt32LE(this.#area.buffer.readUInt32LE(at + 16) + blocks, at + 16);
  }

  nid(at: number): number {
    return (this.#head + at) / INODE_SLOT;
  }

  /** The inode with that number. */
  at(nid: number): number {
    return nid * INODE_SLOT - this.#head;
  }

  /** The mode with its type bits. */
  mode(at: number): number {
    return this.#area.buffer.readUInt16LE(at + 4);
  }

  /** Whether the inode has exactly these fields, but for the type bits. */
  matches(at: number, { mode, uid, gid, mtime, xattrs }: InodeFields): boolean {
    const bytes = this.#area.buffer;
    return (
      ((bytes.readUInt16LE(at + 4) ^ mode) & ~fileTypes.mask) === 0 &&
      bytes.readUInt32LE(at + 24) === uid &&
      bytes.readUInt32LE(at + 28) === gid &&
      bytes.readUInt32LE(at + 32) === mtime >>> 0 &&
      bytes.readInt32LE(at + 36) === highWord(mtime) &&
      bytes.readUInt16LE(at + 2) === xattrUnits(xattrs) &&
      bytes.subarray(at + INODE, at + INODE + xattrs.byteLength).equals(xattrs)
    );
  }

  #add(fields: InodeFields, layout: number): number {
    const { xattrs } = fields;
    this.#area.align(INODE_SLOT);
    const at = this.#area.grow(INODE + xattrs.byteLength);
    const bytes = this.#area.buffer;
    bytes.writeUInt16LE(EXTENDED | layout, at);
    bytes.writeUInt16LE(xattrUnits(xattrs), at + 2);
    writeRights(bytes, at, fields);
    bytes.writeUInt32LE(++this.#count, at + 20);
    bytes.writeUInt32LE(1, at + 44); // links
    xattrs.copy(bytes, at + INODE);
    return at;
  }
}

/** The number of a device file (the kernel's new_encode_dev); undefined where it has no such number. */
export function encodeDevice(major: number, minor: number): number | undefined {
  if (major < 0 || major > 0xfff || minor < 0 || minor > 0xfffff) return undefined;
  return (minor & 0xff) + major * 0x100 + (minor >>> 8) * 0x100000;
}

/** Blocks that hold `size` bytes. */
export function blocksOf(size: number): number {
  return Math.ceil(size / BLOCK);
}
