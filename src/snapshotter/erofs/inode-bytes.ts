import { BLOCK, INODE_SLOT } from "./superblock.js";
import { xattrBody } from "./xattrs.js";

/** What every inode has. */
export interface InodeFields {
  /** With its type bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since the epoch, before it too. */
  readonly mtime: number;
  readonly xattrs: Buffer;
}

/** Where the content of a file is. */
export interface Extent {
  readonly size: number;
  readonly start: number;
  readonly device: number;
}

/** struct erofs_inode_extended: 32-bit ids and link count, a time of its own. */
export const INODE = 64;
/** That it is one (i_format). */
export const EXTENDED = 1;
/** Data layouts (i_format, from bit 1). */
export const layouts = { mask: 7 << 1, plain: 0 << 1, inline: 2 << 1, chunks: 4 << 1 } as const;

/** struct erofs_inode_chunk_index: bytes for each chunk. */
export const CHUNK_INDEX = 8;
const CHUNK_HAS_INDEXES = 0x20;
const CHUNK_BITS = 0x1f;
/** A chunk has up to 2^31 blocks, which is a terabyte: nearly every file has only one. */
const MAX_CHUNK_BITS = 31;
const MAX_CHUNK_BLOCKS = 2 ** MAX_CHUNK_BITS;

/** Bytes of the chunk indexes of a file. */
export function indexesSize(size: number): number {
  return chunksOf(size, chunkBits(size)) * CHUNK_INDEX;
}

/** Writes what an inode says of its mode, owner and time. */
export function writeRights(
  view: DataView,
  at: number,
  { mode, uid, gid, mtime }: Omit<InodeFields, "xattrs">,
): void {
  view.setUint16(at + 4, mode, true);
  view.setUint32(at + 24, uid, true);
  view.setUint32(at + 28, gid, true);
  view.setUint32(at + 32, mtime >>> 0, true);
  view.setInt32(at + 36, highWord(mtime), true);
}

/** Writes where the content of a file is, which has room for its chunk indexes. */
export function writeExtent(view: DataView, at: number, { size, start, device }: Extent): void {
  const bits = chunkBits(size);
  const chunks = chunksOf(size, bits);
  writeSize(view, at, size);
  view.setUint16(at + 16, CHUNK_HAS_INDEXES | bits, true);
  const indexes = alignedToIndexes(behindXattrs(view, at));
  for (let i = 0; i < chunks; i++) {
    const index = indexes + i * CHUNK_INDEX;
    view.setUint16(index + 2, device, true);
    view.setUint32(index + 4, start + i * MAX_CHUNK_BLOCKS, true);
  }
}

/** Writes its size. */
export function writeSize(view: DataView, at: number, size: number): void {
  view.setUint32(at + 8, size >>> 0, true);
  view.setUint32(at + 12, highWord(size), true);
}

/** Whether there is an inode of an `InodeArea` at that slot, and not padding. */
export function isInode(view: DataView, at: number): boolean {
  return (view.getUint16(at, true) & EXTENDED) !== 0;
}

/** Where what is right behind an inode ends: attributes, a target, chunk indexes. */
export function endOfInode(view: DataView, at: number): number {
  const behind = behindXattrs(view, at);
  switch (layoutOf(view, at)) {
    case layouts.chunks:
      return alignedToIndexes(behind) + chunkCount(view, at) * CHUNK_INDEX;
    case layouts.inline:
      return behind + readSize(view, at);
    default:
      return behind;
  }
}

/** The size that an inode says. */
export function readSize(view: DataView, at: number): number {
  return view.getUint32(at + 8, true) + view.getUint32(at + 12, true) * 2 ** 32;
}

/** Whether it is that of a file with content, which is in chunks. */
export function hasChunks(view: DataView, at: number): boolean {
  return layoutOf(view, at) === layouts.chunks;
}

/** Where the content of a file begins. */
export interface ContentPlace {
  /** In which file: the first is 1. */
  readonly device: number;
  /** In bytes. */
  readonly offset: number;
}

/** Where that of a file in chunks begins. */
export function placeOfContent(view: DataView, at: number): ContentPlace {
  const index = alignedToIndexes(behindXattrs(view, at));
  return {
    device: view.getUint16(index + 2, true),
    offset: view.getUint32(index + 4, true) * BLOCK,
  };
}

/** The last file with content from the inode at `from` to that with the number `last`. */
export function lastContent(view: DataView, from: number, last: number): number | undefined {
  let file: number | undefined;
  let number = 0;
  for (let at = from; number < last;) {
    at = (at + INODE_SLOT - 1) & -INODE_SLOT;
    const format = view.getUint16(at, true);
    if ((format & EXTENDED) === 0) {
      at += INODE_SLOT; // one with inline data may have been moved to the next block
      continue;
    }
    number = view.getUint32(at + 20, true);
    if ((format & layouts.mask) === layouts.chunks) file = at;
    at = endOfInode(view, at);
  }
  return file;
}

function layoutOf(view: DataView, at: number): number {
  return view.getUint16(at, true) & layouts.mask;
}

function behindXattrs(view: DataView, at: number): number {
  return at + INODE + xattrBody(view.getUint16(at + 2, true));
}

function alignedToIndexes(at: number): number {
  return (at + CHUNK_INDEX - 1) & -CHUNK_INDEX;
}

/** Chunks of a file, by what its inode says of them. */
function chunkCount(view: DataView, at: number): number {
  return chunksOf(readSize(view, at), view.getUint16(at + 16, true) & CHUNK_BITS);
}

/** Several only where the largest does not hold it. */
function chunksOf(size: number, bits: number): number {
  return bits < MAX_CHUNK_BITS ? 1 : Math.ceil(size / BLOCK / MAX_CHUNK_BLOCKS);
}

/** What of a number does not fit into 32 bits. */
export function highWord(value: number): number {
  return Math.floor(value / 2 ** 32);
}

/** The fewest bits of a chunk that holds the whole file. */
function chunkBits(size: number): number {
  const blocks = Math.ceil(size / BLOCK);
  return blocks > MAX_CHUNK_BLOCKS ? MAX_CHUNK_BITS : 32 - Math.clz32(blocks - 1);
}
