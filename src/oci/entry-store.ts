import type { Entry, EntryList } from "./changeset.js";
import { BLOCK_FILES, FileBlock, isPlain, Prefixes, type PlainContent } from "./file-block.js";
import { FileRow } from "./file-row.js";

/**
 * Keeps entries, each known by a number; plain files in some 110 bytes outside of the heap. As objects,
 * 300,000 files took 300 MB, and moving them about in memory a fifth of a cached build's time.
 */
export class EntryStore {
  readonly #blocks: FileBlock[] = [];
  /** What is not a plain file; its numbers are negative. */
  readonly #others: Entry[] = [];
  readonly #prefixes = { directories: new Prefixes(), sources: new Prefixes() };
  #files = 0;
  #reading: FileBlock | undefined;

  /** Answers its number. */
  add(entry: Entry): number {
    if (!isPlain(entry)) return ~(this.#others.push(entry) - 1);
    if (this.#files % BLOCK_FILES === 0) this.#blocks.push(new FileBlock(this.#prefixes));
    this.#blocks.at(-1)?.add(entry);
    return this.#files++;
  }

  /** Says of a plain file what its content turned out to be, and where that is if it is kept elsewhere. */
  settle(number: number, sha256: Uint8Array, content?: PlainContent): void {
    this.#blocks[Math.floor(number / BLOCK_FILES)]?.settle(number % BLOCK_FILES, sha256, content);
  }

  /** A copy of what was added, or what was added itself. */
  get(number: number): Entry {
    const entry = number < 0 ? this.#others[~number] : this.#file(number);
    if (entry === undefined) throw new Error(`no entry ${number}`);
    return entry;
  }

  /**
   * Of each number the entry; of a plain file with a digest only its row, which is the same object for all and valid until
   * the next is asked for.
   */
  *rows(numbers: Iterable<number>): Generator<Entry | FileRow> {
    const row = new FileRow();
    for (const number of numbers) {
      const isRow = number >= 0 && this.#block(number)?.read(number % BLOCK_FILES, row) === true;
      yield isRow ? row : this.get(number);
    }
  }

  #file(number: number): Entry | undefined {
    return this.#block(number)?.file(number % BLOCK_FILES);
  }

  /** That of a file, to be read. */
  #block(number: number): FileBlock | undefined {
    const block = this.#blocks[Math.floor(number / BLOCK_FILES)];
    if (block !== this.#reading) this.#reading?.rest();
    this.#reading = block;
    return block;
  }
}

/** Entries of a store, in some order. */
export class StoredEntries implements EntryList {
  readonly #store: EntryStore;
  readonly #numbers: readonly number[];

  constructor(store: EntryStore, numbers: readonly number[]) {
    this.#store = store;
    this.#numbers = numbers;
  }

  get length(): number {
    return this.#numbers.length;
  }

  *[Symbol.iterator](): Generator<Entry> {
    for (const number of this.#numbers) yield this.#store.get(number);
  }

  /** As `EntryStore.rows`. */
  rows(): Iterable<Entry | FileRow> {
    return this.#store.rows(this.#numbers);
  }
}

/** Entries, as rows where they are kept so. */
export function rowsOf(entries: Iterable<Entry>): Iterable<Entry | FileRow> {
  return entries instanceof StoredEntries ? entries.rows() : entries;
}
