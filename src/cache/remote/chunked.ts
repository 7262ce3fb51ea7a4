import { createHash } from "node:crypto";

/** How long chunks are, in bytes: part of the format, as others would have nothing in common. */
export interface ChunkSizes {
  readonly least: number;
  readonly most: number;
  /** A chunk of at least `least` ends at one place in 2 to the power of this. */
  readonly bits: number;
}

/** About 2.5 MiB each: a cache of 1 GiB is four hundred requests, and a change in it sends one or two. */
export const usualSizes: ChunkSizes = { least: 1 << 19, most: 1 << 23, bits: 21 };

/**
 * Cuts bytes into chunks where the bytes themselves say so, by a rolling hash over the last 32 of them:
 * what is put in or taken out changes the chunks around it, and no others. The receiver may keep each.
 */
export async function* chunked(
  bytes: AsyncIterable<Uint8Array>,
  sizes: ChunkSizes = usualSizes,
): AsyncGenerator<Uint8Array> {
  const { least, most, bits } = sizes;
  const place = new CutPlace(bits);
  let chunk = Buffer.allocUnsafeSlow(most);
  let used = 0;
  for await (const piece of bytes) {
    for (let from = 0; from < piece.byteLength;) {
      const end = Math.min(piece.byteLength, from + most - used);
      const at = place.find(piece, from + Math.max(0, least - used - WINDOW), end);
      chunk.set(piece.subarray(from, at), used);
      used += at - from;
      from = at;
      if (!place.found && used < most) continue;
      yield chunk.subarray(0, used);
      chunk = Buffer.allocUnsafeSlow(most);
      used = 0;
      place.reset();
    }
  }
  if (used > 0) yield chunk.subarray(0, used);
}

/** Bytes that a hash of 32 bits remembers, when each shifts it by one. */
const WINDOW = 32;

/** A number without pattern for each byte (Gear hashing, as FastCDC has it). */
const gear = Int32Array.from({ length: 256 }, (_, byte) =>
  createHash("sha256").update(`tsbuild gear ${byte}`).digest().readInt32LE(),
);

/** The hash of what went by. A method of its own, because engines make no fast code of loops in generators. */
class CutPlace {
  readonly #mask: number;
  #hash = 0;
  #seen = 0;
  found = false;

  constructor(bits: number) {
    this.#mask = -1 << (32 - bits); // the upper bits: those that all of the window has a part in
  }

  /** Where a chunk ends that goes on at `from`: behind the byte that says so, else at `end`. */
  find(bytes: Uint8Array, from: number, end: number): number {
    const mask = this.#mask;
    let hash = this.#hash;
    let at = from;
    const warm = Math.min(end, from + WINDOW - this.#seen);
    for (; at < warm; at++) hash = ((hash << 1) + (gear[bytes[at] ?? 0] ?? 0)) | 0;
    if (at > from) this.#seen += at - from;
    while (at < end) {
      hash = ((hash << 1) + (gear[bytes[at++] ?? 0] ?? 0)) | 0;
      if ((hash & mask) !== 0) continue;
      this.found = true;
      return at;
    }
    this.#hash = hash;
    return end;
  }

  reset(): void {
    this.#hash = 0;
    this.#seen = 0;
    this.found = false;
  }
}
