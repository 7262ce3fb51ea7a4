import { createHash } from "node:crypto";
import { parseDigest } from "./digest.js";
import type { Promised } from "./verified.js";

/** Bytes that are measured on their way; to be read once. */
export class Measured implements AsyncIterable<Uint8Array> {
  readonly #bytes: AsyncIterable<Uint8Array>;
  readonly #hash = createHash("sha256");
  #size = 0;

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#bytes = bytes;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#bytes) {
      this.#hash.update(chunk);
      this.#size += chunk.byteLength;
      yield chunk;
    }
  }

  /** What has been read; asked for once, at the end. */
  result(): Promised {
    return { digest: parseDigest(`sha256:${this.#hash.digest("hex")}`), size: this.#size };
  }
}
