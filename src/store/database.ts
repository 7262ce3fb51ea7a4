import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Database as LmdbDatabase, RootDatabase } from "lmdb";
import { BuildError } from "../error.js";
import { noSpace } from "./disk-error.js";
import { isSystemError } from "../sys/syscalls.js";

/** One named table: text keys in byte order. Reads are synchronous and cost microseconds. */
export interface Table<Value> {
  get(key: string): Value | undefined;
  /** As a transaction of its own, unless in one. */
  put(key: string, value: Value): void;
  remove(key: string): void;
  /** Every entry whose key starts with `prefix`, as of now. */
  entries(prefix?: string): readonly (readonly [key: string, value: Value])[];
}

/** How long a write waits for others, in milliseconds: as long as a step takes at least. */
const COMPANY = 30;

/** The metadata of a store: one LMDB environment, shared by any number of processes. */
export class Database implements AsyncDisposable {
  readonly #root: RootDatabase<unknown, string>;
  readonly #held: (() => void)[] = [];
  readonly #hurried = new AbortController();
  #writing: Promise<void> | undefined;

  private constructor(root: RootDatabase<unknown, string>) {
    this.#root = root;
  }

  /** Opens what `create` made; STORE when it is missing or damaged. */
  static async open(directory: string): Promise<Database> {
    checkHeader(directory);
    return Database.create(directory);
  }

  /** Opens, and makes it where it is missing. */
  static async create(directory: string): Promise<Database> {
    const lmdb = await import("lmdb"); // loading it costs 30 ms: only those pay who need it
    try {
      const options = { path: directory, noSubdir: false, encoding: "json", maxDbs: 32 } as const;
      return new Database(lmdb.open<unknown, string>(options));
    } catch (error) {
      throw damaged(directory, error);
    }
  }

  /** The table of that name, made where it is missing; its values are JSON. */
  table<Value>(name: string): Table<Value> {
    return new LmdbTable<Value>(this.#root.openDB<Value, string>({ name, encoding: "json" }));
  }

  /** As `table`, with bytes for values. */
  byteTable(name: string): Table<Uint8Array> {
    return new LmdbTable(this.#root.openDB<Uint8Array, string>({ name, encoding: "binary" }));
  }

  /**
   * Writes all that `action` puts and removes, or nothing; reads in it see the latest state. When this
   * resolves, every process sees it and a power failure does not undo it. Synchronous inside, which costs
   * two milliseconds: after a failed write, lmdb's asynchronous transactions never end.
   */
  transaction(action: () => void): Promise<void> {
    return new Promise((resolve) => {
      attempt(() => {
        this.#root.transactionSync(action);
      });
      resolve();
    });
  }

  /**
   * As `transaction`, but together with what else is written within some milliseconds: each transaction
   * flushes the disk, and the steps of a build end one shortly after the other.
   */
  soon(action: () => void): Promise<void> {
    this.#held.push(action);
    return (this.#writing ??= this.#writeHeld());
  }

  /** Ends the waiting of `soon`, for good. */
  hurry(): void {
    this.#hurried.abort();
  }

  async #writeHeld(): Promise<void> {
    const { signal } = this.#hurried;
    await setTimeout(COMPANY, undefined, { signal }).catch(() => undefined);
    const actions = this.#held.splice(0);
    this.#writing = undefined;
    await this.transaction(() => {
      for (const action of actions) action();
    });
  }

  /**
   * Reads in the same turn of the event loop share one snapshot. To be called after waiting for
   * another process (a lock), to see what it wrote.
   */
  refresh(): void {
    this.#root.resetReadTxn();
  }

  /**
   * As `refresh`, after which also the last transaction of a killed process is seen: readers learn of it
   * only once another writer has had its turn (LMDB's robust mutex).
   */
  async recover(): Promise<void> {
    await this.transaction(() => undefined);
    this.refresh();
  }

  /** Finishes what is being written, and closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.hurry();
    await this.#writing;
    await this.#root.close();
  }
}

class LmdbTable<Value> implements Table<Value> {
  readonly #table: LmdbDatabase<Value, string>;

  constructor(table: LmdbDatabase<Value, string>) {
    this.#table = table;
  }

  get(key: string): Value | undefined {
    return this.#table.get(key);
  }
  put(key: string, value: Value): void {
    attempt(() => {
      this.#table.putSync(key, value);
    });
  }
  remove(key: string): void {
    attempt(() => this.#table.removeSync(key));
  }
  entries(prefix = ""): readonly (readonly [string, Value])[] {
    const range = prefix === "" ? {} : { start: prefix, end: `${prefix}\u{10ffff}` };
    return [...this.#table.getRange(range)].map(({ key, value }) => [key, value] as const);
  }
}

/** Runs what writes; lmdb reports the system's error numbers as `code`. */
function attempt(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === ENOSPC) throw noSpace(error);
    throw error;
  }
}

const { ENOSPC } = constants.errno;

/** LMDB crashes the process (SIGSEGV) on a file that is not its own: look before it does. */
function checkHeader(directory: string): void {
  const header = Buffer.alloc(32);
  let size: number;
  try {
    const file = openSync(join(directory, "data.mdb"), "r");
    try {
      readSync(file, header, 0, header.byteLength, 0);
      ({ size } = fstatSync(file));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (isSystemError(error, "ENOENT")) throw damaged(directory, error);
    throw error;
  }
  // Two meta pages of at least 4096 bytes; magic and data version of the first (lmdb.h, MDB_meta).
  const whole = size >= 8192 && header.readUInt32LE(24) === 0xbeefc0de;
  if (!whole) throw damaged(directory, undefined);
}

function damaged(directory: string, cause: unknown): BuildError {
  return new BuildError("STORE", `Cannot open the database "${directory}": it is damaged`, {
    hint: "remove the store's directory to start with an empty one",
    cause,
  });
}
