import { closeSync, fstatSync, openSync, read, readSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { BLOCK, paddingOf, tarTypes } from "../../oci/tar-header.js";
import { TAR_NAME } from "./mount-layer.js";

const readLater = promisify(read);

/** What is read at a time, and written: each piece goes between threads three times. */
const PIECE = 1 << 20;

/** The tar of a layer that we wrote, of which most goes into another one. */
export class OldTar implements Disposable {
  readonly #fd: number;
  /** In bytes. */
  readonly size: number;
  #last: Buffer | undefined;
  #spare: Buffer | undefined;

  constructor(layer: string) {
    this.#fd = openSync(join(layer, TAR_NAME), "r");
    this.size = fstatSync(this.#fd).size;
  }

  /** Whether these bytes are there. */
  has(at: number, bytes: Buffer): boolean {
    return at >= 0 && this.#read(at, bytes.byteLength).equals(bytes);
  }

  /** Where the member begins whose headers these are; it comes among those without content from `at` on. */
  find(headers: Buffer, at: number): number | undefined {
    for (let member = at; member < this.size; member += this.#headersAt(member))
      if (this.has(member, headers)) return member;
    return undefined;
  }

  /** Bytes of the headers of a member: a second one stands before that which cannot say all. */
  #headersAt(at: number): number {
    const header = this.#read(at, BLOCK);
    if (header.toString("latin1", 156, 157) !== tarTypes.pax) return BLOCK;
    const size = Number.parseInt(header.toString("latin1", 124, 135), 8);
    return BLOCK + size + paddingOf(size) + BLOCK;
  }

  #read(at: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(this.#fd, bytes, 0, length, at));
  }

  /** A part of it. A piece is valid only until the second one after it is asked for. */
  async *pieces(from: number, to: number): AsyncGenerator<Uint8Array> {
    for (let at = from; at < to; at += PIECE) {
      const piece = this.#next().subarray(0, to - at);
      for (let done = 0; done < piece.byteLength;) {
        const left = piece.byteLength - done;
        const { bytesRead } = await readLater(this.#fd, piece, done, left, at + done);
        if (bytesRead === 0) throw new Error("the tar of a layer has become shorter");
        done += bytesRead;
      }
      yield piece;
    }
  }

  /** Two by turns. */
  #next(): Buffer {
    const next = this.#spare ?? Buffer.allocUnsafeSlow(PIECE);
    this.#spare = this.#last;
    this.#last = next;
    return next;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
