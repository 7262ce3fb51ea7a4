import { hash } from "node:crypto";
import type { Sha256State } from "../../sys/running-sha256.js";
import { SHA256_SIZE } from "../../sha256.js";
import { BLOCK, readHead } from "./superblock.js";

/** A size in 64 bits, and the words. */
const RECORD = 8 + SHA256_SIZE;

/**
 * States of the SHA-256 of a layer's tar, the end of its index: a later edit of the layer need not hash what comes before it. With a
 * digest of their own, because nobody would see that one of them is damaged.
 */
export function encodeStates(states: readonly Sha256State[]): Buffer {
  const bytes = Buffer.alloc(states.length * RECORD + SHA256_SIZE);
  for (const [i, { size, words }] of states.entries()) {
    bytes.writeBigUInt64LE(BigInt(size), i * RECORD);
    for (const [j, word] of words.entries()) bytes.writeUInt32LE(word, i * RECORD + 8 + j * 4);
  }
  const end = states.length * RECORD;
  bytes.write(hash("sha256", bytes.subarray(0, end), "hex"), end, "hex");
  return bytes;
}

/** What is before them in an index, and the states; undefined where it has no place for them, and none where they are damaged. */
export function splitStates(index: Buffer): {
  readonly image: Buffer;
  readonly states: readonly Sha256State[] | undefined;
} {
  const { blocks, inodes } = readHead(index);
  const start = blocks * BLOCK + inodes * SHA256_SIZE; // behind the digests of all inodes
  const image = index.subarray(0, start);
  return { image, states: image.byteLength < start ? undefined : decode(index.subarray(start)) };
}

function decode(bytes: Buffer): readonly Sha256State[] {
  const end = bytes.byteLength - SHA256_SIZE;
  if (end < 0 || end % RECORD !== 0) return [];
  if (hash("sha256", bytes.subarray(0, end), "hex") !== bytes.toString("hex", end)) return [];
  return Array.from({ length: end / RECORD }, (_, i) => {
    const at = i * RECORD;
    const words = Uint32Array.from({ length: 8 }, (_word, j) => bytes.readUInt32LE(at + 8 + j * 4));
    return { size: Number(bytes.readBigUInt64LE(at)), words };
  });
}
