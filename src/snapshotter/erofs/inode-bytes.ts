import { BLOCK } from "./superblock.js";
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

/** Bytes of the chunk indexes of a file. */
export function indexesSize(size: number): number {
  return chunksOf(size, chunkBits(size)) * CHUNK_INDEX;
}

/** Whether there is an inode of an `InodeArea` at that slot, and not padding. */
export function isInode(bytes: Buffer, at: number): boolean {
  return (bytes.readUInt16LE(at) & EXTENDED) !== 0;
}

/** Writes what an inode says of its mode, owner and time. */
export function writeRights(
  bytes: Buffer,
  at: number,
  { mode, uid, gid, mtime }: Omit<InodeFields, "xattrs">,
): void {
  bytes.writeUInt16LE(mode, at + 4);
  bytes.writeUInt32LE(uid, at + 24);
  bytes.writeUInt32LE(gid, at + 28);
  bytes.writeUInt32LE(mtime >>> 0, at + 32);
  bytes.writeInt32LE(highWord(mtime), at + 36);
}

/** Writes where the content of a file is, which has room for its chunk indexes. */
export function writeExtent(bytes: Buffer, at: number, { size, start, device }: Extent): void {
  const bits = chunkBits(size);
  const [chunks, blocks] = [chunksOf(size, bits), 2 ** bits];
  writeSize(bytes, at, size);
  bytes.writeUInt16LE(CHUNK_HAS_INDEXES | bits, at + 16);
  const indexes = chunkIndexes(bytes, at);
  for (let i = 0; i < chunks; i++) {
    const index = indexes + i * CHUNK_INDEX;
    bytes.writeUInt16LE(device, index + 2);
    bytes.writeUInt32LE(start + i * blocks, index + 4);
  }
}

/** Writes its size. */
export function writeSize(bytes: Buffer, at: number, size: number): void {
  bytes.writeUInt32LE(size >>> 0, at + 8);
  bytes.writeUInt32LE(highWord(size), at + 12);
}

/** The size that an inode says. */
export function readSize(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 8) + bytes.readUInt32LE(at + 12) * 2 ** 32;
}

function layoutOf(bytes: Buffer, at: number): number {
  return bytes.readUInt16LE(at) & layouts.mask;
}

/** Whether it is that of a file with content, which is in chunks. */
export function hasChunks(bytes: Buffer, at: number): boolean {
  return layoutOf(bytes, at) === layouts.chunks;
}

/** Where the chunk indexes of a file begin. */
export function chunkIndexes(bytes: Buffer, at: number): number {
  const behind = at + INODE + xattrBody(bytes.readUInt16LE(at + 2));
  return Math.ceil(behind / CHUNK_INDEX) * CHUNK_INDEX;
}

/** Where what is right behind an inode ends: attributes, a target, chunk indexes. */
export function endOfInode(bytes: Buffer, at: number): number {
  const layout = layoutOf(bytes, at);
  if (layout === layouts.chunks)
    return chunkIndexes(bytes, at) + chunkCount(bytes, at) * CHUNK_INDEX;
  const behind = at + INODE + xattrBody(bytes.readUInt16LE(at + 2));
  return layout === layouts.inline ? behind + readSize(bytes, at) : behind;
}

/** Chunks of a file, by what its inode says of them. */
export function chunkCount(bytes: Buffer, at: number): number {
  return chunksOf(readSize(bytes, at), bytes.readUInt16LE(at + 16));
}

function chunksOf(size: number, format: number): number {
  return Math.ceil(size / (BLOCK * 2 ** (format & CHUNK_BITS)));
}

/** What of a number does not fit into 32 bits. */
export function highWord(value: number): number {
  return Math.floor(value / 2 ** 32);
}

/** The fewest bits of a chunk that holds the whole file. */
function chunkBits(size: number): number {
  const blocks = Math.ceil(size / BLOCK);
  return blocks > 2 ** MAX_CHUNK_BITS ? MAX_CHUNK_BITS : 32 - Math.clz32(blocks - 1);
}
