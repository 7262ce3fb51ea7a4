import { closeSync, openSync, write, writeSync } from "node:fs";
import { promisify } from "node:util";
import { bindAsync } from "../../sys/libc.js";
import { WriteAhead } from "../../sys/write-ahead.js";

const writeLater = promisify(write);
const sendfile = bindAsync("int64_t sendfile(int, int, int64_t*, size_t)");

/** Bytes that are written sooner than another thread is asked to. */
const LITTLE = 1 << 16;

/** A new file that is written from beginning to end. */
export class OutFile implements Disposable {
  readonly #fd: number;
  readonly #ahead: WriteAhead;
  #size = 0;

  private constructor(fd: number) {
    this.#fd = fd;
    this.#ahead = new WriteAhead(fd);
  }

  /** Fails when there is such a file. */
  static create(path: string): OutFile {
    return new OutFile(openSync(path, "wx", 0o600));
  }

  write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.byteLength;) done += writeSync(this.#fd, bytes, done);
    this.#size += bytes.byteLength;
  }

  /** As `write`, off this thread. To be waited for before anything else is done with the file. */
  async append(bytes: Uint8Array): Promise<void> {
    if (bytes.byteLength < LITTLE) {
      this.write(bytes);
      return;
    }
    for (let done = 0; done < bytes.byteLength;) {
      const { bytesWritten } = await writeLater(this.#fd, bytes, done);
      done += bytesWritten;
    }
    this.#size += bytes.byteLength;
    await this.#ahead.reached(this.#size);
  }

  /**
   * As `append`, of bytes that another file has as well, from `position` on. The kernel copies them in small pieces, for which it finds
   * memory that is in use already: where a hypervisor takes back what is free, whole megabytes cost ten times as much.
   */
  async appendFrom(fd: number, position: number, bytes: Uint8Array): Promise<void> {
    const from = BigInt64Array.of(BigInt(position));
    for (let left = bytes.byteLength; left > 0;) {
      const copied = await sendfile(this.#fd, fd, from, left);
      if (copied <= 0) {
        await this.append(bytes.subarray(-left)); // this tells what is wrong
        return;
      }
      this.#size += copied;
      left -= copied;
    }
    await this.#ahead.reached(this.#size);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
