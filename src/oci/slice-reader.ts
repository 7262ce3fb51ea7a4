import { closeSync, readSync } from "node:fs";
import type { BytePath } from "./changeset.js";
import { CHUNK, openContent } from "./open-content.js";

/** What lies between two contents of a tar is less than this, unless they are no neighbours. */
const GAP = 1 << 14;

/**
 * Reads small parts of large files. Those that lie one behind the other, as in a tar, are read many at a
 * time and through one descriptor: one by one, each would take three system calls.
 */
export class SliceReader implements Disposable {
  #path: BytePath | undefined;
  #fd = -1;
  #window: Buffer | undefined;
  /** What of the file is in the window. */
  #start = 0;
  #end = 0;

  /** Copies up to `size` bytes from `offset` of the file into `to` at `at`; answers how many there were. */
  read(path: BytePath, offset: number, size: number, to: Buffer, at: number): number {
    if (path !== this.#path) this.#open(path);
    if (offset < this.#start || offset + size > this.#end) this.#fill(offset, size);
    const window = this.#window;
    if (window === undefined) throw new Error("nothing was read");
    const from = offset - this.#start;
    return window.copy(to, at, from, Math.min(from + size, this.#end - this.#start));
  }

  /** Behind what was read last much is read ahead, elsewhere only what is wanted. */
  #fill(offset: number, size: number): void {
    const window = (this.#window ??= Buffer.allocUnsafeSlow(CHUNK));
    const isNext = offset >= this.#start && offset - this.#end < GAP && this.#end > 0;
    const wanted = isNext ? CHUNK : size;
    this.#start = offset;
    this.#end = offset;
    while (this.#end - offset < size) {
      const done = this.#end - offset;
      const got = readSync(this.#fd, window, done, wanted - done, this.#end);
      if (got === 0) return;
      this.#end += got;
    }
  }

  #open(path: BytePath): void {
    this[Symbol.dispose]();
    this.#fd = openContent(path);
    this.#path = path;
    this.#start = 0;
    this.#end = 0;
  }

  [Symbol.dispose](): void {
    if (this.#path === undefined) return;
    this.#path = undefined;
    closeSync(this.#fd);
  }
}
