/** Reads exact amounts from a stream of pieces of any size. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;
  #taken = 0;

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#source = bytes[Symbol.asyncIterator]();
  }

  /** How many bytes were taken. */
  get taken(): number {
    return this.#taken;
  }

  /** The next `length` bytes where the last piece has them, else undefined. */
  takeNow(length: number): Buffer | undefined {
    return this.#chunk.byteLength - this.#at >= length ? this.#slice(length) : undefined;
  }

  /** The next `length` bytes; fewer only where the stream ends. */
  async take(length: number): Promise<Buffer> {
    const here = this.takeNow(length);
    if (here !== undefined) return here;
    const parts: Buffer[] = [];
    let missing = length;
    while (missing > 0) {
      const part = await this.takeSome(missing);
      if (part === undefined) break;
      parts.push(part);
      missing -= part.byteLength;
    }
    return Buffer.concat(parts);
  }

  /** At least one and at most `max` bytes, undefined at the end of the stream. */
  async takeSome(max: number): Promise<Buffer | undefined> {
    while (this.#at === this.#chunk.byteLength) {
      const next = await this.#source.next();
      if (next.done === true) return undefined;
      const { buffer, byteOffset, byteLength } = next.value;
      this.#chunk = Buffer.from(buffer, byteOffset, byteLength);
      this.#at = 0;
    }
    return this.#slice(Math.min(max, this.#chunk.byteLength - this.#at));
  }

  #slice(length: number): Buffer {
    this.#at += length;
    this.#taken += length;
    return this.#chunk.subarray(this.#at - length, this.#at);
  }

  /** Reads the rest and drops it, so that whoever verifies the stream sees all of it. */
  async drain(): Promise<void> {
    this.#at = this.#chunk.byteLength;
    while ((await this.#source.next()).done !== true);
  }

  /** Tells the source that no more is wanted. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }
}
