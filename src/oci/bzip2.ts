import { BuildError } from "../error.js";
import { ByteReader } from "./byte-reader.js";

/** More than a block takes that does not repeat itself to be in the way. */
const longestBlock = 1 << 20;

/**
 * Decompresses any number of bzip2 streams, a block at a time: at most 900,000 bytes of it, which
 * may be 46 MB when they repeat. The library's own stream would decode all that it was given at once.
 */
export async function* unbzip2(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { default: decoder } = await import("unbzip2-stream/lib/bzip2.js");
  const reader = new ByteReader(bytes);
  const input = new BitInput();
  const output = new Output();
  try {
    while (await input.fill(reader)) {
      const length = 100_000 * parsed(() => decoder.header(input.bits));
      const block = new Int32Array(length);
      let checksum: number | null = 0;
      while (checksum !== null) {
        await input.fill(reader);
        const before: number = checksum;
        checksum = parsed(() => decoder.decompress(input.bits, output.put, block, length, before));
        if (output.length > 0) yield output.take();
      }
    }
  } finally {
    await reader.close();
  }
}

/** The decoder throws errors of several kinds, with jokes for messages. */
function parsed<T>(decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    const message = "Cannot decompress bzip2 data: it is damaged, or not complete";
    throw new BuildError("INVALID_ARCHIVE", message, { cause });
  }
}

/** Bytes at hand, to be taken bit by bit. */
class BitInput {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #bit = 0;

  /** Fetches enough for the next block; false when nothing is left. */
  async fill(reader: ByteReader): Promise<boolean> {
    const left = this.#bytes.subarray(this.#at);
    if (left.byteLength < longestBlock) {
      this.#bytes = Buffer.concat([left, await reader.take(longestBlock)]);
      this.#at = 0;
    }
    return this.#at < this.#bytes.byteLength;
  }

  readonly bits = (count: number | null): number => {
    if (count === null) {
      if (this.#bit > 0) this.#at++;
      this.#bit = 0;
      return 0;
    }
    let value = 0;
    for (let wanted = count; wanted > 0;) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw new RangeError("no more bits");
      const taken = Math.min(wanted, 8 - this.#bit);
      this.#bit += taken;
      value = (value << taken) | ((byte >> (8 - this.#bit)) & ((1 << taken) - 1));
      wanted -= taken;
      if (this.#bit === 8) {
        this.#bit = 0;
        this.#at++;
      }
    }
    return value;
  };
}

/** Collects bytes that come one by one. */
class Output {
  #bytes = Buffer.allocUnsafeSlow(1 << 20);
  length = 0;

  readonly put = (byte: number): void => {
    if (this.length === this.#bytes.byteLength) {
      this.#bytes = Buffer.concat([this.#bytes], 2 * this.length);
    }
    this.#bytes[this.length++] = byte;
  };

  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.length);
    this.#bytes = Buffer.allocUnsafeSlow(1 << 20);
    this.length = 0;
    return taken;
  }
}
