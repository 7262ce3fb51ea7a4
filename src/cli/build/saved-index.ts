import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { PackedFileIndex } from "../../cache/file-index.js";

/** Bytes that stay in memory: those of 120,000 files. To read more of them again takes less time than to look at the files. */
const FEW = 1 << 23;

/** What is known of the files of a context, in a file of its own; when that is much, in memory only while it is used. */
export class SavedIndex {
  readonly #path: string;
  #loading: Promise<PackedFileIndex> | undefined;
  #users = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Until `letGo` is called. */
  async use(): Promise<PackedFileIndex> {
    this.#users++;
    return await (this.#loading ??= PackedFileIndex.load(readIfThere(this.#path)));
  }

  /** For once that it was used. Never fails. */
  async letGo(): Promise<void> {
    this.#users--;
    const index = await this.#loading;
    if (index === undefined || index.byteLength <= FEW || this.#users > 0) return;
    const isSaved = await this.save().then(
      () => true,
      () => false,
    );
    if (isSaved && this.#users === 0) this.#loading = undefined;
  }

  /** Keeps it for the next build. */
  async save(): Promise<void> {
    const bytes = (await this.#loading)?.save();
    if (bytes !== undefined) this.#write(bytes);
  }

  /** Without a detour over other threads: at the end of a build nothing goes on beside it. */
  #write(bytes: Uint8Array): void {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    const partial = `${this.#path}.${randomUUID()}`;
    try {
      writeFileSync(partial, bytes, { mode: 0o600 });
      renameSync(partial, this.#path);
    } catch (error) {
      rmSync(partial, { force: true });
      throw error;
    }
  }
}

/** Undefined whatever the reason is: what was lost is found out again. */
function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
