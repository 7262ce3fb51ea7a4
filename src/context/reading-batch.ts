import { toText, type BytePath, type FileVersion } from "../oci/changeset.js";
import type { SpoolRegion } from "../oci/content-spool.js";
import type { EntryStore } from "../oci/entry-store.js";
import type { PlainContent } from "../oci/file-block.js";
import type { ConfinedDirectory } from "./confined.js";
import { readSmall, type HashedFile } from "./hash-file.js";
import { MOST_BYTES, factColumns, type FilesRead, type FilesToRead } from "./read-files.js";
import { unreadable } from "./unreadable.js";

/** Two milliseconds of work. */
const MOST_FILES = 256;
/** Each stays open until its files are read. */
const MOST_DIRECTORIES = 16;

/** A small file that was looked at. */
export interface UnreadFile extends HashedFile {
  readonly size: number;
  readonly version: FileVersion;
  /** Remembers its digest. */
  readonly record: ((sha256: string) => void) | undefined;
}

/** The entry of a file that is read later: where it is kept, its digest is added then. */
export class LateEntry {
  readonly file: UnreadFile;
  #store: EntryStore | undefined;
  #number = 0;

  constructor(file: UnreadFile) {
    this.file = file;
  }

  /** It has that number there. */
  keptIn(store: EntryStore, number: number): void {
    this.#store = store;
    this.#number = number;
  }

  /** `content`: where else than in the file its bytes are. */
  settle(sha256: string, content: PlainContent | undefined): void {
    this.file.record?.(sha256);
    this.#store?.settle(this.#number, sha256, content);
  }
}

/** Small files that are read at once, by whichever thread. */
export class ReadingBatch implements Disposable {
  readonly #entries: LateEntry[] = [];
  readonly #directories = new Set<ConfinedDirectory>();
  #size = 0;

  /** Bytes of all files. */
  get size(): number {
    return this.#size;
  }

  /** Whether there is room for one more. */
  takes({ directory, size }: UnreadFile): boolean {
    if (this.#entries.length === MOST_FILES || this.#size + size > MOST_BYTES) return false;
    return this.#directories.size < MOST_DIRECTORIES || this.#directories.has(directory);
  }

  add(file: UnreadFile): LateEntry {
    if (!this.#directories.has(file.directory)) this.#directories.add(file.directory.share());
    const entry = new LateEntry(file);
    this.#entries.push(entry);
    this.#size += file.size;
    return entry;
  }

  /** What there is to read. */
  toRead({ fd, offset }: SpoolRegion): FilesToRead {
    const names: BytePath[] = [];
    const facts = new Float64Array(this.#entries.length * factColumns.columns);
    for (const { file } of this.#entries) {
      const i = names.length * factColumns.columns;
      names.push(file.name);
      facts[i + factColumns.directory] = file.directory.fd;
      facts[i + factColumns.size] = file.size;
      facts[i + factColumns.inode] = file.version.inode;
      facts[i + factColumns.ctimeMs] = file.version.ctimeMs;
    }
    return { names, facts, spool: fd, offset };
  }

  /** Adds what was read to the entries. What could not be read is read again: fails as that does. */
  settle(
    { digests, kept }: FilesRead,
    { path, offset }: Pick<SpoolRegion, "path" | "offset">,
  ): void {
    let at = offset;
    for (const [i, entry] of this.#entries.entries()) {
      const { file } = entry;
      const content: PlainContent = { kind: "file", path, offset: at };
      entry.settle(digests[i] || readAgain(file), kept[i] === 1 ? content : undefined);
      at += file.size;
    }
  }

  [Symbol.dispose](): void {
    for (const directory of this.#directories) directory[Symbol.dispose]();
    this.#directories.clear();
  }
}

function readAgain(file: UnreadFile): string {
  try {
    return readSmall(file, file.size, undefined).sha256;
  } catch (error) {
    throw unreadable(toText(file.path), error);
  }
}
