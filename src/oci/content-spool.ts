import { createHash, randomUUID } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { toBytePath, type BytePath, type Content, type FileEntry } from "./changeset.js";
import { CHUNK } from "./open-content.js";
import { readContent } from "./content.js";

const nothing = new Uint8Array();

/** A part of a spool. */
export interface SpoolRegion {
  readonly path: BytePath;
  readonly fd: number;
  readonly offset: number;
}

/**
 * Keeps contents that can be read only once, or at a price, one after the other in a single file. They
 * may be read once the spool is closed; the file, made when there is something to keep, stays.
 */
export class ContentSpool implements Disposable {
  readonly #path: BytePath;
  /** There when something is kept: most selections are of files that are known. */
  #buffer: Buffer | undefined;
  #fd: number | undefined;
  #used = 0;
  /** Where in the file the next content begins: one at 0 would have to be the whole file. */
  #end = 1;

  constructor(directory: string) {
    this.#path = toBytePath(join(directory, `spool-${randomUUID()}`));
  }

  /** Bytes of all that is kept. */
  get size(): number {
    return this.#end - 1;
  }

  /** Makes room for contents that others write: into `fd`, from `offset` on. */
  reserve(size: number): SpoolRegion {
    this.#flush();
    const offset = this.#end;
    this.#end += size;
    return { path: this.#path, fd: this.#open(), offset };
  }

  /** Keeps a content. */
  add(bytes: Uint8Array): Content {
    const offset = this.#end;
    this.#append(bytes);
    return this.#since(offset);
  }

  /** The same file with a digest, and a content that stays. */
  async keep(entry: FileEntry): Promise<FileEntry> {
    const offset = this.#end;
    const sha256 = createHash("sha256");
    for await (const chunk of readContent(entry)) {
      sha256.update(chunk);
      this.#append(chunk);
    }
    return { ...entry, content: this.#since(offset), sha256: sha256.digest("hex") };
  }

  /** What was appended from `offset` on: nothing of the file when that is nothing, for there may be none. */
  #since(offset: number): Content {
    if (offset === this.#end) return { kind: "bytes", bytes: nothing };
    return { kind: "file", path: this.#path, offset };
  }

  #append(bytes: Uint8Array): void {
    if (bytes.byteLength > CHUNK - this.#used) this.#flush();
    if (bytes.byteLength > CHUNK) {
      writeAt(this.#open(), bytes, this.#end);
    } else {
      this.#buffer ??= Buffer.allocUnsafeSlow(CHUNK);
      this.#buffer.set(bytes, this.#used);
      this.#used += bytes.byteLength;
    }
    this.#end += bytes.byteLength;
  }

  #flush(): void {
    const used = this.#buffer?.subarray(0, this.#used) ?? nothing;
    if (used.byteLength > 0) writeAt(this.#open(), used, this.#end - used.byteLength);
    this.#used = 0;
  }

  #open(): number {
    return (this.#fd ??= openSync(this.#path, "wx", 0o600));
  }

  [Symbol.dispose](): void {
    try {
      this.#flush();
    } finally {
      if (this.#fd !== undefined) closeSync(this.#fd);
    }
  }
}

/** Writes all of the bytes from `offset` of the file on. */
export function writeAt(fd: number, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.byteLength;)
    done += writeSync(fd, bytes, done, bytes.byteLength - done, offset + done);
}
