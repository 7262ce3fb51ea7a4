import { createHash, randomUUID } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { toBytePath, type BytePath, type FileEntry } from "../oci/changeset.js";
import { readContent } from "../oci/content.js";

/**
 * Keeps contents that can be read only once, one after the other in a single file, so that a sink
 * may read them later, and twice. The file stays when the spool is closed.
 */
export class ContentSpool implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #path: BytePath;
  #size = 0;

  private constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = toBytePath(path);
  }

  static async create(directory: string): Promise<ContentSpool> {
    const path = join(directory, `spool-${randomUUID()}`);
    const spool = new ContentSpool(await open(path, "wx", 0o600), path);
    await spool.#write(Buffer.of(0)); // content at offset 0 would have to be the whole file
    return spool;
  }

  /** The same file with a digest, and contents that stay. */
  async keep(entry: FileEntry): Promise<FileEntry> {
    const offset = this.#size;
    const sha256 = createHash("sha256");
    for await (const chunk of readContent(entry)) {
      sha256.update(chunk);
      await this.#write(chunk);
    }
    const content = { kind: "file", path: this.#path, offset } as const;
    return { ...entry, content, sha256: sha256.digest("hex") };
  }

  async #write(chunk: Uint8Array): Promise<void> {
    for (let done = 0; done < chunk.byteLength;) {
      const { bytesWritten } = await this.#file.write(chunk, done, undefined, this.#size);
      done += bytesWritten;
      this.#size += bytesWritten;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}
