import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import { promisify } from "node:util";
import { constants, crc32, deflateRaw, deflateRawSync } from "node:zlib";
import { blocks } from "./blocks.js";

/** Bytes that are compressed on their own: part of the format, as other blocks give other bytes. */
const GZIP_BLOCK = 1 << 20;
/** How much of a block tells whether to compress it, and what share must remain: part of the format too. */
const [SAMPLES, SAMPLE, DENSE] = [8, 2048, 0.97];
/** A frame loses what it could have referred back to; and memory goes with it. */
const ZSTD_BLOCK = 1 << 22;
/** What zlib may add to a block that it cannot make smaller. */
const SLACK = GZIP_BLOCK >> 10;
/** RFC 1952, 2.3: no name, no time, and "unknown" for the operating system. */
const gzipHeader = Buffer.from("1f8b08000000000000ff", "hex");
/** An empty deflate block that is marked as the last (RFC 1951, 3.2.6). */
const lastBlock = Buffer.from([3, 0]);
/** What `gzip` and `zstd` do by themselves. */
export const defaultLevels = { gzip: 6, zstd: 3 } as const;

/**
 * Compresses with gzip, on as many threads as there are, so that the same bytes give the same result
 * with any number of them: each block of 1 MiB is deflated on its own, and the blocks follow each
 * other in one member, because not every reader takes several (docs/formats.md).
 */
export async function* gzipped(
  bytes: AsyncIterable<Uint8Array>,
  level: number = defaultLevels.gzip,
): AsyncGenerator<Uint8Array> {
  let checksum = 0;
  let size = 0;
  async function* measured(): AsyncGenerator<Uint8Array> {
    for await (const block of blocks(bytes, GZIP_BLOCK)) {
      checksum = crc32(block, checksum);
      size += block.byteLength;
      yield block;
    }
  }
  yield gzipHeader;
  yield* inParallel(measured(), (block) => deflateBlock(block, level));
  yield lastBlock;
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(checksum, 0);
  trailer.writeUInt32LE(size % 2 ** 32, 4);
  yield trailer;
}

/** On a thread of libuv's pool. The flush ends the block at a byte, with nothing left to refer back to. */
function deflateBlock(block: Uint8Array, wanted: number): Promise<Uint8Array> {
  const finishFlush = constants.Z_SYNC_FLUSH;
  const level = isDense(block) ? constants.Z_NO_COMPRESSION : wanted;
  return promisify(deflateRaw)(block, { level, finishFlush, chunkSize: GZIP_BLOCK + SLACK });
}

/**
 * Whether a block holds what is compressed already, as most packages, pictures and archives do: to try
 * harder takes forty times as long and saves next to nothing. Told by a few samples of it.
 */
function isDense(block: Uint8Array): boolean {
  if (block.byteLength < GZIP_BLOCK) return false;
  const samples: Uint8Array[] = [];
  for (let at = 0; at < GZIP_BLOCK; at += GZIP_BLOCK / SAMPLES) {
    samples.push(block.subarray(at, at + SAMPLE));
  }
  const small = deflateRawSync(Buffer.concat(samples), { level: constants.Z_BEST_SPEED });
  return small.byteLength > SAMPLES * SAMPLE * DENSE;
}

/**
 * Compresses with zstd, in frames of 4 MiB each. In WebAssembly also where Node has a zstd of its own: so
 * the bytes are the same with every Node, and a frame on this thread is faster than gzip on two.
 */
export async function* zstdCompressed(
  bytes: AsyncIterable<Uint8Array>,
  level: number = defaultLevels.zstd,
): AsyncGenerator<Uint8Array> {
  const compress = await (zstd ??= loadZstd());
  let empty = true;
  for await (const block of blocks(bytes, ZSTD_BLOCK)) {
    empty = false;
    yield compress(block, level);
    await setImmediate();
  }
  if (empty) yield compress(new Uint8Array(0), level);
}

type CompressBlock = (block: Uint8Array, level: number) => Uint8Array;
let zstd: Promise<CompressBlock> | undefined;

/** To be called once: a second `init` takes the memory from under the first. */
async function loadZstd(): Promise<CompressBlock> {
  const { init, compress } = await import("@bokuweb/zstd-wasm");
  await init();
  return compress;
}

/** Maps in order, with one piece of work for each processor and one more waiting. */
async function* inParallel<T, U>(
  items: AsyncIterable<T>,
  work: (item: T) => Promise<U>,
): AsyncGenerator<U> {
  const most = availableParallelism() + 1;
  const pending: Promise<U>[] = [];
  for await (const item of items) {
    const started = work(item);
    started.catch(() => undefined); // thrown where it is awaited, if anyone gets there
    pending.push(started);
    const [first] = pending;
    if (pending.length < most || first === undefined) continue;
    yield await first;
    void pending.shift();
  }
  for (const rest of pending) yield await rest;
}
