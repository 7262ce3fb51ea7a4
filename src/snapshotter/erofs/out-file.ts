import { closeSync, openSync, write, writeSync } from "node:fs";
import { promisify } from "node:util";
import { WriteAhead } from "../../sys/write-ahead.js";

const writeLater = promisify(write);

/** Bytes that are written sooner than another thread is asked to. */
const LITTLE = 1 << 16;
/**
 * Bytes of one write. For two megabytes the kernel takes a whole free block of that size; where a hypervisor takes back what is
 * free, that has to come from there first, which takes ten times as long as the write.
 */
const MOST = 1 << 20;

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
      const length = Math.min(bytes.byteLength - done, MOST);
      const { bytesWritten } = await writeLater(this.#fd, bytes, done, length);
      done += bytesWritten;
    }
    this.#size += bytes.byteLength;
    await this.#ahead.reached(this.#size);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
