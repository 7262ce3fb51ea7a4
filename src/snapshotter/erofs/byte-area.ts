import { viewOf } from "../../sys/byte-view.js";

/** Sizes as powers of two. Of 300,000 files each area fits into the last, and only 2 MiB were copied to it. */
const SIZES = [12, 16, 18, 21, 25, 28];
/** Behind those, each is that power of two times the one before. */
const STEP = 3;

/** Bytes that grow at their end, with zeros. */
export class ByteArea {
  #bytes = Buffer.alloc(1 << 12);
  #view = viewOf(this.#bytes);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** To write to, until the next `grow`. Longer than the area: a view for each write costs time. */
  get buffer(): Buffer {
    return this.#bytes;
  }

  /** The same for numbers, until the next `grow`. */
  get view(): DataView {
    return this.#view;
  }

  /** All of it, until the next `grow`. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Adds `size` zeros, and answers where they begin. */
  grow(size: number): number {
    const at = this.#length;
    this.#length += size;
    if (this.#length > this.#bytes.byteLength) this.#enlarge();
    return at;
  }

  /** Adds zeros up to a multiple of `unit`. */
  align(unit: number): void {
    this.grow((unit - (this.#length % unit)) % unit);
  }

  #enlarge(): void {
    // By large steps, because what is left behind stays until garbage is collected. Pages of a fresh
    // allocation cost memory only once they are written to.
    const wanted = Math.ceil(Math.log2(this.#length));
    const power = SIZES.find((size) => size >= wanted) ?? Math.ceil(wanted / STEP) * STEP;
    const bytes = Buffer.alloc(2 ** power);
    this.#bytes.copy(bytes);
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
  }
}
