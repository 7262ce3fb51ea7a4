import { verified, type Promised } from "../oci/verified.js";

/** Where the bytes of a blob come from, and who wants to know how many went. */
export interface BlobBytes {
  /** The bytes, once for each try. */
  readonly open: () => AsyncIterable<Uint8Array>;
  /** Told how many bytes were sent so far; less than before when a try starts again. */
  readonly onProgress?: ((sent: number) => void) | undefined;
}

/**
 * The bytes of a blob on their way: counts them, and keeps the source's own failure apart. That they are not those of
 * the blob is one, too: a server would wait for more of them, or keep others under its name.
 */
export class WatchedSource {
  failure: Error | undefined;
  readonly #content: Promised;
  readonly #options: BlobBytes;

  constructor(content: Promised, options: BlobBytes) {
    this.#content = content;
    this.#options = options;
  }

  /** All of it, each call from the start. */
  async *open(): AsyncGenerator<Uint8Array> {
    let sent = 0;
    for await (const chunk of this.#read()) {
      yield chunk;
      this.tell((sent += chunk.byteLength));
    }
  }

  /** What comes behind `offset`, in pieces of `size` bytes; the last one may be shorter. */
  async *pieces(offset: number, size: number): AsyncGenerator<Uint8Array> {
    let skip = offset;
    let held: Uint8Array[] = [];
    let length = 0;
    for await (let chunk of this.#read()) {
      const skipped = Math.min(skip, chunk.byteLength);
      skip -= skipped;
      chunk = chunk.subarray(skipped);
      while (length + chunk.byteLength >= size) {
        const rest = size - length;
        yield Buffer.concat([...held, chunk.subarray(0, rest)]);
        chunk = chunk.subarray(rest);
        held = [];
        length = 0;
      }
      // A copy: who gives bytes may use their place again.
      if (chunk.byteLength > 0) held.push(Buffer.from(chunk));
      length += chunk.byteLength;
    }
    if (length > 0) yield Buffer.concat(held);
  }

  /** So many bytes have arrived. */
  tell(sent: number): void {
    this.#options.onProgress?.(sent);
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    try {
      yield* verified(this.#options.open(), this.#content);
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }
}
