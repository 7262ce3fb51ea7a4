import type { Decompress } from "fzstd";
import type { XXHash } from "xxhash-wasm";
import { BuildError } from "../error.js";
import { ByteReader } from "./byte-reader.js";

/** What `zstd` takes by itself. The decoder has so much memory, and moves all of it for each block. */
const longestWindow = 128 << 20;

/**
 * Decompresses zstd with any number of frames, a block at a time: at most 128 KiB, also of few bytes that repeat. Not
 * with Node's own zstd: in 22.23 it stops silently after the first frame (zstd:chunked layers have many) and takes a
 * truncated one as complete.
 */
export async function* unzstd(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import("fzstd");
  const { default: xxhash } = await import("xxhash-wasm");
  const hashes = await xxhash();
  const reader = new ByteReader(bytes);
  try {
    for (let magic = await nextMagic(reader); magic; magic = await nextMagic(reader)) {
      const decoder = new FrameDecoder(Decompress, hashes.create64());
      yield* decoder.push(magic);
      yield* contentOf(reader, decoder);
    }
  } finally {
    await reader.close();
  }
}

/** Decodes one frame, and sums up what comes of it: the library does not look at the checksum. */
class FrameDecoder {
  readonly #decoder: Decompress;
  readonly #hash: XXHash<bigint>;
  #ready: Uint8Array[] = [];

  constructor(decompress: typeof Decompress, hash: XXHash<bigint>) {
    this.#decoder = new decompress((chunk) => {
      if (chunk.byteLength > 0) this.#ready.push(chunk);
    });
    this.#hash = hash;
  }

  /** What comes of the next part, which is the last one where it is empty. */
  push(part: Uint8Array): readonly Uint8Array[] {
    this.#ready = [];
    try {
      this.#decoder.push(part, part.byteLength === 0);
    } catch (cause) {
      // Hostile input also ends in RangeErrors inside the decoder.
      throw invalid(cause instanceof Error ? cause.message : String(cause), cause);
    }
    for (const chunk of this.#ready) this.#hash.update(chunk);
    return this.#ready;
  }

  /** Of all that came (RFC 8878, 3.1.1). */
  checksum(): number {
    return Number(this.#hash.digest() & 0xffffffffn);
  }
}

/** The beginning of the next frame, behind those that are to be skipped; undefined at the end. */
async function nextMagic(reader: ByteReader): Promise<Buffer | undefined> {
  for (;;) {
    const magic = await reader.take(4);
    if (magic.byteLength === 0) return undefined;
    const number = magic.byteLength === 4 ? magic.readUInt32LE() : 0;
    if (number === 0xfd2fb528) return magic;
    if (number >>> 4 !== 0x184d2a5) throw invalid("something else follows a frame");
    await skip(reader, (await exactly(reader, 4)).readUInt32LE());
  }
}

/** What is in a frame, of which the magic was read. Each header and each block comes in one piece (RFC 8878, 3.1). */
async function* contentOf(reader: ByteReader, decoder: FrameDecoder): AsyncGenerator<Uint8Array> {
  const first = await exactly(reader, 1);
  const descriptor = first[0] ?? 0;
  const sizes = sizesIn(descriptor);
  const rest = await exactly(reader, sizes.window + sizes.dictionary + sizes.content);
  if (windowIn(rest, sizes) > longestWindow) throw tooLong();
  yield* decoder.push(first);
  yield* decoder.push(rest);
  for (let isLast = false; !isLast;) {
    const header = await exactly(reader, 3);
    const block = header.readUIntLE(0, 3);
    isLast = (block & 1) !== 0;
    const isRun = ((block >> 1) & 3) === 1; // one byte, so many times
    const length = isRun ? 1 : block >> 3;
    yield* decoder.push(header);
    if (length > 0) yield* decoder.push(await exactly(reader, length));
  }
  const checksum = (descriptor & 4) === 0 ? undefined : await exactly(reader, 4);
  if (checksum !== undefined) yield* decoder.push(checksum);
  yield* decoder.push(new Uint8Array(0));
  if (checksum !== undefined && checksum.readUInt32LE() !== decoder.checksum())
    throw invalid("its checksum is wrong");
}

/** How many bytes of a frame header are what (RFC 8878, 3.1.1.1.1). */
interface HeaderSizes {
  readonly window: number;
  readonly dictionary: number;
  readonly content: number;
}

function sizesIn(descriptor: number): HeaderSizes {
  const isSingleSegment = (descriptor & 0x20) !== 0;
  return {
    window: isSingleSegment ? 0 : 1,
    dictionary: [0, 1, 2, 4][descriptor & 3] ?? 0,
    content: [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0,
  };
}

/** Bytes that the decoder must remember: of a single segment all of its content. */
function windowIn(header: Buffer, { window, dictionary, content }: HeaderSizes): number {
  if (window === 0) return contentIn(header.subarray(dictionary), content);
  const descriptor = header[0] ?? 0;
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function contentIn(field: Buffer, length: number): number {
  if (length === 8) return Number(field.readBigUInt64LE());
  return field.readUIntLE(0, length) + (length === 2 ? 256 : 0);
}

async function exactly(reader: ByteReader, length: number): Promise<Buffer> {
  const bytes = await reader.take(length);
  if (bytes.byteLength === length) return bytes;
  throw invalid("it ends in the middle of a frame");
}

async function skip(reader: ByteReader, length: number): Promise<void> {
  for (let left = length; left > 0;) {
    const bytes = await reader.takeSome(left);
    if (bytes === undefined) throw invalid("it ends in the middle of a frame");
    left -= bytes.byteLength;
  }
}

function invalid(why: string, cause?: unknown): BuildError {
  return new BuildError("INVALID_ARCHIVE", `Cannot decompress zstd data: ${why}`, { cause });
}

function tooLong(): BuildError {
  const message = "Cannot decompress zstd data: it needs more than 128 MiB of memory";
  return new BuildError("UNSUPPORTED", message, { hint: 'compress it without "--long"' });
}
