import { closeSync, openSync, writeSync } from "node:fs";

/** A new file that is written from beginning to end. */
export class OutFile implements Disposable {
  readonly #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Fails when there is such a file. */
  static create(path: string): OutFile {
    return new OutFile(openSync(path, "wx", 0o600));
  }

  write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.byteLength;) done += writeSync(this.#fd, bytes, done);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
