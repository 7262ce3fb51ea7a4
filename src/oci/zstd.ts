import type { Decompress } from "fzstd";
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
  let ready: Uint8Array[] = [];
  const decoder = new Decompress((chunk) => ready.push(chunk));
  const reader = new ByteReader(bytes);
  try {
    for await (const part of frameParts(reader)) {
      push(decoder, part, false);
      yield* ready;
      ready = [];
    }
    push(decoder, new Uint8Array(0), true);
    yield* ready;
  } finally {
    await reader.close();
  }
}

function push(decoder: Decompress, part: Uint8Array, final: boolean): void {
  try {
    decoder.push(part, final);
  } catch (cause) {
    // Hostile input also ends in RangeErrors inside the decoder.
    throw invalid(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** The headers and blocks of all frames, each in one piece (RFC 8878, 3.1); what is to be skipped is left out. */
async function* frameParts(reader: ByteReader): AsyncGenerator<Buffer> {
  for (let magic = await reader.take(4); magic.byteLength > 0; magic = await reader.take(4)) {
    const number = magic.byteLength === 4 ? magic.readUInt32LE() : 0;
    if (number === 0xfd2fb528) {
      yield magic;
      yield* oneFrame(reader);
    } else if (number >>> 4 === 0x184d2a5) {
      await skip(reader, (await exactly(reader, 4)).readUInt32LE());
    } else {
      throw invalid("something else follows a frame");
    }
  }
}

/** All of a frame but its magic. */
async function* oneFrame(reader: ByteReader): AsyncGenerator<Buffer> {
  const first = await exactly(reader, 1);
  const descriptor = first[0] ?? 0;
  const sizes = sizesIn(descriptor);
  const rest = await exactly(reader, sizes.window + sizes.dictionary + sizes.content);
  if (windowIn(rest, sizes) > longestWindow) throw tooLong();
  yield first;
  yield rest;
  for (let isLast = false; !isLast;) {
    const header = await exactly(reader, 3);
    const block = header.readUIntLE(0, 3);
    isLast = (block & 1) !== 0;
    const isRun = ((block >> 1) & 3) === 1; // one byte, so many times
    yield header;
    yield await exactly(reader, isRun ? 1 : block >> 3);
  }
  if ((descriptor & 4) !== 0) yield await exactly(reader, 4); // the checksum
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
