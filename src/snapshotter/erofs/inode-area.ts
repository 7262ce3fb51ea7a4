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
    this.#area.view.setUint32(at + 16, device, true);
    return at;
  }

  /** A file whose bytes begin at block `start` of an extra device, of which the first is 1. */
  addFile(fields: InodeFields, extent: Extent): number {
    if (extent.size === 0) return this.#add(fields, layouts.plain);
    const at = this.#add(fields, layouts.chunks);
    this.#area.align(CHUNK_INDEX);
    this.#area.grow(indexesSize(extent.size));
    writeExtent(this.#area.view, at, extent);
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
    writeSize(this.#area.view, at, target.length);
    const data = this.#area.grow(target.length);
    this.#area.buffer.write(target, data, "latin1");
    return at;
  }

  /** Whether it may have several names: directories may not, and whiteouts are no files. */
  takesLinks(at: number): boolean {
    const type = this.mode(at) & fileTypes.mask;
    if (type === fileTypes.directory) return false;
    return type !== fileTypes.char || this.#area.view.getUint32(at + 16, true) !== 0;
  }

  /** One more name for the inode. */
  addLink(at: number, links = 1): void {
    this.#area.view.setUint32(at + 44, this.#area.view.getUint32(at + 44, true) + links, true);
  }

  /** Where the data of a plain inode is. */
  setData(at: number, size: number, block: number): void {
    writeSize(this.#area.view, at, size);
    this.#area.view.setUint32(at + 16, block, true);
  }

  /** What `setData` set. */
  data(at: number): { readonly size: number; readonly block: number } {
    const { view } = this.#area;
    return { size: view.getUint32(at + 8, true), block: view.getUint32(at + 16, true) };
  }

  /** What `setData` set, `blocks` further. */
  moveData(at: number, blocks: number): void {
    this.#area.view.setUint32(at + 16, this.#area.view.getUint32(at + 16, true) + blocks, true);
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
    return this.#area.view.getUint16(at + 4, true);
  }

  /** Whether the inode has exactly these fields, but for the type bits. */
  matches(at: number, { mode, uid, gid, mtime, xattrs }: InodeFields): boolean {
    const { view } = this.#area;
    return (
      ((view.getUint16(at + 4, true) ^ mode) & ~fileTypes.mask) === 0 &&
      view.getUint32(at + 24, true) === uid &&
      view.getUint32(at + 28, true) === gid &&
      view.getUint32(at + 32, true) === mtime >>> 0 &&
      view.getInt32(at + 36, true) === highWord(mtime) &&
      view.getUint16(at + 2, true) === xattrUnits(xattrs) &&
      this.#area.buffer.subarray(at + INODE, at + INODE + xattrs.byteLength).equals(xattrs)
    );
  }

  #add(fields: InodeFields, layout: number): number {
    const { xattrs } = fields;
    this.#area.align(INODE_SLOT);
    const at = this.#area.grow(INODE + xattrs.byteLength);
    const { view } = this.#area;
    view.setUint16(at, EXTENDED | layout, true);
    view.setUint16(at + 2, xattrUnits(xattrs), true);
    writeRights(view, at, fields);
    view.setUint32(at + 20, ++this.#count, true);
    view.setUint32(at + 44, 1, true); // links
    xattrs.copy(this.#area.buffer, at + INODE);
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
