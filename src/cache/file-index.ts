import { randomBytes } from "node:crypto";
import xxhash, { type XXHashAPI } from "xxhash-wasm";
import type { FileIndex } from "../context/file-index.js";
import { tickOf } from "../context/tick.js";
import type { FileStat } from "../sys/file-stat.js";
import { FileTable, mix } from "./file-table.js";
import { ReservedFiles } from "./reserved-files.js";
import { DAY } from "../time.js";

/** Bump the number when the meaning of anything here changes: an older file then counts as empty. */
const magic = "tsbfidx3";
/** Magic (0), xxHash64 of what follows it (8), seed (16), how many slots are used (24), day of the last sweep (28), then the table. */
const checksumOffset = 8;
const seedOffset = 16;
const usedOffset = 24;
const sweptOffset = 28;
const headerSize = 32;

/** Compiled on a thread of V8's, while a build reads its Dockerfile. */
const compiled = xxhash();

/** Files that no build asked for in this time are forgotten. */
const keptDays = 14;

/** Reserved for a file that may change again without its times showing it. */
const NOT_RECORDED = -1;

/** Milliseconds since the epoch. */
export type Clock = () => number;

/**
 * The file index on this machine: xxHash64 of device, inode, size, mtime and ctime → SHA-256, in one
 * packed buffer (docs/formats.md), one for each inode. The seed is random, so that no one can aim at a collision.
 */
export class PackedFileIndex implements FileIndex {
  readonly #xxhash: XXHashAPI;
  readonly #seed: bigint;
  readonly #scanStart: number;
  readonly #table: FileTable;
  readonly #fields = Buffer.alloc(56);
  readonly #words = new Uint32Array(this.#fields.buffer, this.#fields.byteOffset, 14);
  readonly #reserved = new ReservedFiles();
  #swept: number;
  #changed = false;

  private constructor(xxhash: XXHashAPI, saved: Saved, scanStart: number) {
    this.#xxhash = xxhash;
    this.#seed = saved.seed;
    this.#table = saved.table;
    this.#swept = saved.swept;
    this.#scanStart = scanStart;
  }

  /**
   * Takes over what `save` made, before a scan begins. Anything torn or unknown counts as empty.
   */
  static async load(
    bytes: Uint8Array | undefined,
    now: Clock = Date.now,
  ): Promise<PackedFileIndex> {
    const api = await compiled;
    const saved = bytes === undefined ? undefined : parse(api, asBuffer(bytes));
    return new PackedFileIndex(api, saved ?? emptyIndex(), now());
  }

  /** What it takes in memory. */
  get byteLength(): number {
    return this.#table.byteLength;
  }

  lookup(stat: FileStat): string | undefined {
    const at = this.#table.find(fileOf(stat), () => this.#fingerprint(stat));
    if (at === undefined) return undefined;
    if (this.#table.day(at) !== this.#today) {
      this.#table.setDay(at, this.#today);
      this.#changed = true;
    }
    return this.#table.sha256(at);
  }

  record(stat: FileStat, sha256: string): void {
    this.settle(this.reserve(stat), Buffer.from(sha256, "hex"));
  }

  reserve(stat: FileStat): number {
    return this.#isSettled(stat)
      ? this.#reserved.add(fileOf(stat), this.#fingerprint(stat))
      : NOT_RECORDED;
  }

  settle(reserved: number, sha256: Uint8Array): void {
    if (reserved === NOT_RECORDED) return;
    const { file, fingerprint } = this.#reserved.take(reserved);
    this.#table.set(file, fingerprint, { sha256, day: this.#today });
    this.#changed = true;
  }

  /** What the next build loads, valid until anything else is asked for; undefined when nothing changed. */
  save(): Uint8Array | undefined {
    if (!this.#changed) return undefined;
    this.#changed = false;
    this.#sweep();
    const { bytes } = this.#table;
    bytes.write(magic, "latin1");
    bytes.writeBigUInt64LE(this.#seed, seedOffset);
    bytes.writeUInt32LE(this.#table.used, usedOffset);
    bytes.writeUInt32LE(this.#swept, sweptOffset);
    bytes.writeBigUInt64LE(checksumOf(this.#xxhash, bytes), checksumOffset);
    return bytes;
  }

  /** Once a day: going through all slots takes as long as writing them down. */
  #sweep(): void {
    if (this.#swept === this.#today) return;
    this.#table.compact(this.#today - keptDays);
    this.#swept = this.#today;
  }

  get #today(): number {
    return Math.floor(this.#scanStart / DAY);
  }

  /**
   * A file that changes again within one tick of the filesystem's clock keeps its times (git calls
   * such files racy). So one is remembered only when its times are older than the scan by more than a tick.
   */
  #isSettled(stat: FileStat): boolean {
    const { mtimeMilliseconds: mtime, ctimeMilliseconds: ctime } = stat;
    return Math.max(mtime, ctime) < this.#scanStart - tickOf(ctime);
  }

  /** Over the bytes of struct statx: no number is taken apart for it. */
  #fingerprint({ words }: FileStat): bigint {
    const to = this.#words;
    for (let i = 0; i < 4; i++) to[i] = words[8 + i] ?? 0; // inode, size
    for (let i = 0; i < 8; i++) to[4 + i] = words[24 + i] ?? 0; // ctime, mtime
    for (let i = 0; i < 2; i++) to[12 + i] = words[34 + i] ?? 0; // device
    return this.#xxhash.h64Raw(this.#fields, this.#seed);
  }
}

/**
 * The inode, on a filesystem that numbers them with 32 bits. Files that have one number elsewhere take turns in the
 * index, which costs a read and no more: what a file holds is a matter of its fingerprint.
 */
function fileOf({ words }: FileStat): number {
  const [inode = 0, high = 0, major = 0, minor = 0] = [words[8], words[9], words[34], words[35]];
  return (inode ^ mix(high ^ mix(major ^ mix(minor)))) >>> 0;
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

interface Saved {
  readonly seed: bigint;
  /** Day on which what nobody asked for was forgotten. */
  readonly swept: number;
  readonly table: FileTable;
}

function emptyIndex(): Saved {
  return { seed: randomBytes(8).readBigUInt64LE(), swept: 0, table: FileTable.empty(headerSize) };
}

function parse(api: XXHashAPI, bytes: Buffer): Saved | undefined {
  if (bytes.length < headerSize || bytes.toString("latin1", 0, checksumOffset) !== magic) {
    return undefined;
  }
  if (bytes.readBigUInt64LE(checksumOffset) !== checksumOf(api, bytes)) return undefined;
  const table = FileTable.from(bytes, headerSize, bytes.readUInt32LE(usedOffset));
  if (table === undefined) return undefined;
  const swept = bytes.readUInt32LE(sweptOffset);
  return { seed: bytes.readBigUInt64LE(seedOffset), swept, table };
}

/** In pieces: each is copied into the memory of the hash, which never becomes smaller again. */
function checksumOf(api: XXHashAPI, bytes: Buffer): bigint {
  const PIECE = 1 << 18;
  const hash = api.create64();
  for (let at = seedOffset; at < bytes.length; at += PIECE)
    hash.update(bytes.subarray(at, at + PIECE));
  return hash.digest();
}
