/**
 * The kernel's EROFS on-disk format (fs/erofs/erofs_fs.h, "EROFS on-disk format" of its documentation).
 * All numbers are little-endian. Our blocks are those of a tar, so that a file's content can be used
 * where it lies.
 */
const BLOCK_BITS = 9;
export const BLOCK = 1 << BLOCK_BITS;

/** Blocks of a tar are numbered in 32 bits. */
export const MAX_BLOCKS = 0xffffffff;

const SUPERBLOCK = 1024;
const SUPERBLOCK_SIZE = 128;
const DEVICE_SLOT_SIZE = 128;
const DEVICES = SUPERBLOCK + SUPERBLOCK_SIZE;

/** Bytes before the inodes: the superblock, behind it a slot for each extra device, up to a block. */
export function headSize(devices: number): number {
  return Math.ceil((DEVICES + devices * DEVICE_SLOT_SIZE) / BLOCK) * BLOCK;
}

/** Of a layer, which has one or two. */
export const HEAD = headSize(2);

/** Inodes are numbered by where they lie, in units of this many bytes (a "nid"). */
export const INODE_SLOT = 32;

/** What the superblock tells of its image. */
export interface SuperblockFields {
  readonly inodes: number;
  /** Of the image itself. */
  readonly blocks: number;
  /** Of each extra device, which are tars. */
  readonly deviceBlocks: readonly number[];
  readonly rootNid: number;
}

const MAGIC = 0xe0f5e1e2;
const COMPAT_MTIME = 0x2;
const INCOMPAT_CHUNKED_FILE = 0x4;
const INCOMPAT_DEVICE_TABLE = 0x8;

/** The head of an image. */
export function readHead(image: Buffer): SuperblockFields {
  if (image.readUInt32LE(SUPERBLOCK) !== MAGIC) throw new Error("not an EROFS image");
  const devices = image.readUInt16LE(SUPERBLOCK + 86);
  return {
    rootNid: image.readUInt16LE(SUPERBLOCK + 14),
    inodes: Number(image.readBigUInt64LE(SUPERBLOCK + 16)),
    blocks: image.readUInt32LE(SUPERBLOCK + 36),
    deviceBlocks: Array.from({ length: devices }, (_, index) =>
      image.readUInt32LE(deviceBlocksAt(index)),
    ),
  };
}

/** Where the head tells how many blocks an extra device has. */
function deviceBlocksAt(index: number): number {
  return DEVICES + index * DEVICE_SLOT_SIZE + 64;
}

/**
 * What is before the inodes of an image. No checksum: it would cover these bytes only, not the inodes.
 * No build time and no UUID: the same layer gives the same image.
 */
export function encodeHead({ inodes, blocks, deviceBlocks, rootNid }: SuperblockFields): Buffer {
  const head = Buffer.alloc(headSize(deviceBlocks.length));
  const at = SUPERBLOCK;
  head.writeUInt32LE(MAGIC, at);
  head.writeUInt32LE(COMPAT_MTIME, at + 8);
  head.writeUInt8(BLOCK_BITS, at + 12);
  head.writeUInt16LE(rootNid, at + 14);
  head.writeBigUInt64LE(BigInt(inodes), at + 16);
  head.writeUInt32LE(blocks, at + 36);
  head.writeUInt32LE(INCOMPAT_CHUNKED_FILE | INCOMPAT_DEVICE_TABLE, at + 80);
  head.writeUInt16LE(deviceBlocks.length, at + 86);
  head.writeUInt16LE(DEVICES / DEVICE_SLOT_SIZE, at + 88);
  for (const [index, blocks] of deviceBlocks.entries()) {
    head.writeUInt32LE(blocks, deviceBlocksAt(index));
  }
  return head;
}
