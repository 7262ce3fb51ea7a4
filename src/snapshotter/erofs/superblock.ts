/**
 * The kernel's EROFS on-disk format (fs/erofs/erofs_fs.h, "EROFS on-disk format" of its documentation).
 * All numbers are little-endian. Our blocks are those of a tar, so that a file's content can be used
 * where it lies.
 */
export const BLOCK_BITS = 9;
export const BLOCK = 1 << BLOCK_BITS;

/** Bytes before the inodes: the superblock at 1024, behind it the one device slot, up to a block. */
export const HEAD = 3 * BLOCK;

/** Inodes are numbered by where they lie, in units of this many bytes (a "nid"). */
export const INODE_SLOT = 32;

/** What the superblock tells of its image. */
export interface SuperblockFields {
  readonly inodes: number;
  /** Of the image itself. */
  readonly blocks: number;
  /** Of the extra device, which is the tar. */
  readonly deviceBlocks: number;
  readonly rootNid: number;
}

const SUPERBLOCK = 1024;
const SUPERBLOCK_SIZE = 128;
const DEVICE_SLOT_SIZE = 128;

const MAGIC = 0xe0f5e1e2;
const COMPAT_MTIME = 0x2;
const INCOMPAT_CHUNKED_FILE = 0x4;
const INCOMPAT_DEVICE_TABLE = 0x8;

/** What a reader of an image needs of its head. */
export function readHead(image: Buffer): Omit<SuperblockFields, "deviceBlocks"> {
  if (image.readUInt32LE(SUPERBLOCK) !== MAGIC) throw new Error("not an EROFS image");
  return {
    rootNid: image.readUInt16LE(SUPERBLOCK + 14),
    inodes: Number(image.readBigUInt64LE(SUPERBLOCK + 16)),
    blocks: image.readUInt32LE(SUPERBLOCK + 36),
  };
}

/**
 * The first `HEAD` bytes of an image. No checksum: it would cover these bytes only, not the inodes.
 * No build time and no UUID: the same layer gives the same image.
 */
export function encodeHead({ inodes, blocks, deviceBlocks, rootNid }: SuperblockFields): Buffer {
  const head = Buffer.alloc(HEAD);
  const at = SUPERBLOCK;
  head.writeUInt32LE(MAGIC, at);
  head.writeUInt32LE(COMPAT_MTIME, at + 8);
  head.writeUInt8(BLOCK_BITS, at + 12);
  head.writeUInt16LE(rootNid, at + 14);
  head.writeBigUInt64LE(BigInt(inodes), at + 16);
  head.writeUInt32LE(blocks, at + 36);
  head.writeUInt32LE(INCOMPAT_CHUNKED_FILE | INCOMPAT_DEVICE_TABLE, at + 80);
  head.writeUInt16LE(1, at + 86); // extra devices
  const slot = SUPERBLOCK + SUPERBLOCK_SIZE;
  head.writeUInt16LE(slot / DEVICE_SLOT_SIZE, at + 88);
  head.writeUInt32LE(deviceBlocks, slot + 64);
  return head;
}
