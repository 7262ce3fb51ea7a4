import { toText, type BytePath, type FileVersion } from "../oci/changeset.js";
import type { SpoolRegion } from "../oci/content-spool.js";
import type { EntryStore } from "../oci/entry-store.js";
import type { PlainContent } from "../oci/file-block.js";
import { SHA256_SIZE } from "../sha256.js";
import { joinPath, parentOf, type ConfinedDirectory } from "./confined.js";
import type { FileIndex } from "./file-index.js";
import { readSmall, type HashedFile } from "./hash-file.js";
import {
  MOST_BYTES,
  factColumns,
  outcomes,
  type FilesRead,
  type FilesToRead,
} from "./read-files.js";
import { unreadable } from "./unreadable.js";

/** Two milliseconds of work. */
const MOST_FILES = 256;
/** Each stays open until its files are read. */
const MOST_DIRECTORIES = 16;

/** A small file that was looked at. */
export interface UnreadFile extends HashedFile {
  readonly size: number;
  readonly version: FileVersion;
  /** What the file index reserved for it, if there is one. */
  readonly reserved: number;
}

/** A directory that is open, and what its path is. */
interface PlacedDirectory {
  readonly directory: ConfinedDirectory;
  readonly path: BytePath;
}

/**
 * Small files that are read at once, by whichever thread. In columns: as objects, the thousands of files that wait
 * would be copied by each collection of garbage.
 */
export class ReadingBatch implements Disposable {
  readonly #index: FileIndex | undefined;
  readonly #names: BytePath[] = [];
  readonly #facts = new Float64Array(MOST_FILES * factColumns.columns);
  readonly #reserved: number[] = [];
  /** Where the entry of each is kept, and its number there. */
  readonly #stores: EntryStore[] = [];
  readonly #numbers: number[] = [];
  /** By their descriptors. */
  readonly #directories = new Map<number, PlacedDirectory>();
  #size = 0;

  constructor(index: FileIndex | undefined) {
    this.#index = index;
  }

  /** Bytes of all files. */
  get size(): number {
    return this.#size;
  }

  /** Whether there is room for one more. */
  takes({ directory, size }: UnreadFile): boolean {
    if (this.#names.length === MOST_FILES || this.#size + size > MOST_BYTES) return false;
    return this.#directories.size < MOST_DIRECTORIES || this.#directories.has(directory.fd);
  }

  add({ directory, name, path, size, version, reserved }: UnreadFile): void {
    if (!this.#directories.has(directory.fd))
      this.#directories.set(directory.fd, { directory: directory.share(), path: parentOf(path) });
    const i = this.#names.length * factColumns.columns;
    this.#names.push(name);
    this.#facts[i + factColumns.directory] = directory.fd;
    this.#facts[i + factColumns.size] = size;
    this.#facts[i + factColumns.inode] = version.inode;
    this.#facts[i + factColumns.ctimeMs] = version.ctimeMs;
    this.#reserved.push(reserved);
    this.#size += size;
  }

  /** Where the entry of the file that was added last is kept, to be told before the next one: gets the digest. */
  keptIn(store: EntryStore, number: number): void {
    this.#stores.push(store);
    this.#numbers.push(number);
  }

  /** What there is to read. */
  toRead({ fd, offset }: SpoolRegion): FilesToRead {
    return { names: this.#names, facts: this.#facts, spool: fd, offset };
  }

  /** Adds what was read to the entries. What could not be read is read again: fails as that does. */
  settle(read: FilesRead, { path, offset }: Pick<SpoolRegion, "path" | "offset">): void {
    let at = offset;
    for (let i = 0; i < this.#names.length; i++) {
      const isKept = read.outcomes[i] === outcomes.kept;
      const content: PlainContent | undefined = isKept
        ? { kind: "file", path, offset: at }
        : undefined;
      const sha256 =
        read.outcomes[i] === outcomes.failed
          ? this.#readAgain(i)
          : read.digests.subarray(i * SHA256_SIZE, (i + 1) * SHA256_SIZE);
      this.#index?.settle(this.#reserved[i] ?? 0, sha256);
      this.#stores[i]?.settle(this.#numbers[i] ?? 0, sha256, content);
      at += this.#fact(i, factColumns.size);
    }
  }

  #readAgain(i: number): Uint8Array {
    const placed = this.#directories.get(this.#fact(i, factColumns.directory));
    const name = this.#names[i];
    if (placed === undefined || name === undefined) throw new Error(`no file ${i}`);
    const path = joinPath(placed.path, name);
    try {
      const { directory } = placed;
      const { sha256 } = readSmall(
        { directory, name, path },
        this.#fact(i, factColumns.size),
        undefined,
      );
      return Buffer.from(sha256, "hex");
    } catch (error) {
      throw unreadable(toText(path), error);
    }
  }

  #fact(i: number, column: number): number {
    return this.#facts[i * factColumns.columns + column] ?? 0;
  }

  [Symbol.dispose](): void {
    for (const { directory } of this.#directories.values()) directory[Symbol.dispose]();
    this.#directories.clear();
  }
}
