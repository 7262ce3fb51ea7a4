import { closeSync, openSync, readSync } from "node:fs";
import { viewOf } from "../../sys/byte-view.js";
import {
  endOfInode,
  hasChunks,
  isInode,
  placeOfContent,
  readSize,
  type ContentPlace,
} from "./inode-bytes.js";
import { SHA256_SIZE } from "../../sha256.js";
import { BLOCK, HEAD, INODE_SLOT, readHead } from "./superblock.js";

/** What an index says of the content of a file. */
export interface IndexedContent extends ContentPlace {
  readonly size: number;
  /** SHA-256; valid until the next one is asked for. */
  readonly digest: Buffer;
}

/** Of the index in memory at a time: all of it would be 100 bytes for each file. */
const WINDOW = 1 << 20;
/** More than an inode with its attributes can take. */
const LARGEST = 1 << 19;

/** All contents of a layer, in the order of the numbers of their files; none where the index is from before digests were kept. */
export function* indexedContents(path: string): Generator<IndexedContent> {
  const fd = openSync(path, "r");
  try {
    const inodes = new Window(fd);
    inodes.seek(0);
    const { inodes: count, blocks } = readHead(inodes.bytes);
    const digests = new Window(fd);
    let at = HEAD;
    for (let found = 0; found < count; at = Math.ceil(at / INODE_SLOT) * INODE_SLOT) {
      const inode = inodes.seek(at);
      const { view } = inodes;
      if (!isInode(view, inode)) {
        at += INODE_SLOT; // an inode with inline data may have been moved to the next block
        continue;
      }
      found++;
      at += endOfInode(view, inode) - inode;
      if (!hasChunks(view, inode)) continue;
      const [size, place] = [readSize(view, inode), placeOfContent(view, inode)];
      const number = view.getUint32(inode + 20, true);
      const digest = digests.seek(blocks * BLOCK + (number - 1) * SHA256_SIZE);
      if (digest + SHA256_SIZE > digests.length) return;
      yield { size, ...place, digest: digests.bytes.subarray(digest, digest + SHA256_SIZE) };
    }
  } finally {
    closeSync(fd);
  }
}

/** A part of a file that is read from beginning to end. */
class Window {
  readonly bytes = Buffer.alloc(WINDOW);
  readonly view = viewOf(this.bytes);
  readonly #fd: number;
  #start = 0;
  #length = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Of the file's bytes that are here. */
  get length(): number {
    return this.#length;
  }

  /** Where in `bytes` that place of the file is, and what follows it. */
  seek(at: number): number {
    const isHere = at >= this.#start && at + LARGEST <= this.#start + WINDOW;
    if (!isHere || this.#length === 0) this.#read(at);
    return at - this.#start;
  }

  #read(at: number): void {
    this.#start = at;
    this.#length = 0;
    let got = -1;
    while (this.#length < WINDOW && got !== 0) {
      got = readSync(this.#fd, this.bytes, this.#length, WINDOW - this.#length, at + this.#length);
      this.#length += got;
    }
  }
}
