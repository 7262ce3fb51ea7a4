import { renameSync, rmSync, writeFileSync } from "node:fs";
import { open, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { syncPath } from "../sys/sync-path.js";
import { WriteAhead } from "../sys/write-ahead.js";
import { diskError } from "./disk-error.js";

/** A file in the making under a temporary name. Disposing before `publish` removes it. */
export class NewFile implements AsyncDisposable {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #ahead: WriteAhead;
  #size = 0;
  #published = false;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
    this.#ahead = new WriteAhead(file.fd);
  }

  /**
   * Starts an empty file at the temporary `path`, which must be on the disk where it is published; for
   * its owner alone, unless `mode` lets others in.
   */
  static async create(path: string, mode = 0o600): Promise<NewFile> {
    try {
      return new NewFile(path, await open(path, "w", mode));
    } catch (error) {
      throw diskError(`write "${path}"`, error);
    }
  }

  /** Appends. */
  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < bytes.byteLength;) {
        done += (await this.#file.write(bytes, done)).bytesWritten;
      }
      this.#size += bytes.byteLength;
      await this.#ahead.reached(this.#size);
    } catch (error) {
      throw diskError(`write "${this.#path}"`, error);
    }
  }

  /** Makes it visible as `path`, whole and for good: fsync, rename, fsync of the directory. */
  async publish(path: string): Promise<void> {
    try {
      await this.#file.sync();
      renameSync(this.#path, path);
      this.#published = true;
      await syncPath(dirname(path));
    } catch (error) {
      throw diskError(`write "${path}"`, error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
    if (!this.#published) await rm(this.#path, { force: true });
  }
}

/**
 * Makes a file of a few bytes visible as `path`, whole and for good, by way of `temporary` on the same disk. Only what
 * waits for the disk is done on another thread: that takes a detour.
 */
export async function publishBytes(
  bytes: Uint8Array,
  { temporary, path }: { readonly temporary: string; readonly path: string },
): Promise<void> {
  try {
    writeFileSync(temporary, bytes, { mode: 0o600 });
    await syncPath(temporary);
    renameSync(temporary, path);
    await syncPath(dirname(path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw diskError(`write "${path}"`, error);
  }
}
