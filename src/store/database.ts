import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type {
  Database as LmdbDatabase,
  DatabaseOptions,
  RootDatabase,
  TransactionFlags,
} from "lmdb";
import { uptime } from "../sys/uptime.js";
import { cannotOpen, cannotWrite, checkHeader } from "./database-error.js";
import { Gate } from "./gate.js";

/** One named table: text keys in byte order. Reads are synchronous and cost microseconds. */
export interface Table<Value> {
  get(key: string): Value | undefined;
  /** As a transaction of its own, unless in one. */
  put(key: string, value: Value): void;
  remove(key: string): void;
  /** Every entry whose key starts with `prefix`, as of now. */
  entries(prefix?: string): readonly (readonly [key: string, value: Value])[];
}

type TableOptions = Pick<DatabaseOptions, "encoding"> & { readonly name: string };

/** How long a write waits for another, in milliseconds: as long as a step takes at least. */
const COMPANY = 30;
/** How long it waits at most while one comes after the other. */
const PATIENCE = 300;

/** The metadata of a store: one LMDB environment, shared by any number of processes. */
export class Database implements AsyncDisposable {
  readonly #root: RootDatabase<unknown, string>;
  readonly #unflushed: TransactionFlags;
  readonly #gate: Gate;
  readonly #held: (() => void)[] = [];
  #hurried = new AbortController();
  #isInHurry = false;
  #writing: Promise<void> | undefined;

  private constructor(
    root: RootDatabase<unknown, string>,
    gate: Gate,
    unflushed: TransactionFlags,
  ) {
    this.#root = root;
    this.#gate = gate;
    this.#unflushed = unflushed;
  }

  /** Opens what `create` made; STORE when it is missing or damaged. */
  static async open(directory: string): Promise<Database> {
    checkHeader(directory);
    return Database.create(directory);
  }

  /** Opens, and makes it where it is missing. */
  static async create(directory: string): Promise<Database> {
    const lmdb = await import("lmdb"); // loading it costs 30 ms: only those pay who need it
    const gate = new Gate(join(directory, "gate"));
    try {
      const options = { path: directory, noSubdir: false, encoding: "json", maxDbs: 32 } as const;
      const root = gate.opening(() => lmdb.open<unknown, string>(options));
      const { SYNCHRONOUS_COMMIT, NO_SYNC_FLUSH } = lmdb.TransactionFlags;
      const unflushed: TransactionFlags = SYNCHRONOUS_COMMIT | NO_SYNC_FLUSH;
      return new Database(root, gate, unflushed);
    } catch (error) {
      gate.close();
      throw cannotOpen(directory, error);
    }
  }

  /** The table of that name, made where it is missing; its values are JSON. */
  table<Value>(name: string): Table<Value> {
    return this.#table<Value>({ name, encoding: "json" });
  }

  /** As `table`, with bytes for values. */
  byteTable(name: string): Table<Uint8Array> {
    return this.#table({ name, encoding: "binary" });
  }

  #table<Value>(options: TableOptions): Table<Value> {
    const open = (create: boolean) => {
      const given = { ...options, create };
      return this.#root.openDB<Value, string>(given) as LmdbDatabase<Value, string> | undefined;
    };
    // Opening one that is there writes nothing, and waits for nobody.
    const table = open(false) ?? this.#write(() => open(true));
    if (table === undefined) throw new Error(`lmdb does not make the table "${options.name}"`);
    return new LmdbTable(table, (action) => this.#write(action));
  }

  /** Runs what writes, alone. */
  #write<Result>(action: () => Result): Result {
    try {
      return this.#gate.alone(action);
    } catch (error) {
      throw cannotWrite(error);
    }
  }

  /**
   * Writes all that `action` puts and removes, or nothing; reads in it see the latest state. When this
   * resolves, every process sees it and a power failure does not undo it. Synchronous inside, which costs
   * two milliseconds: after a failed write, lmdb's asynchronous transactions never end.
   */
  transaction(action: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.#write(() => {
        this.#root.transactionSync(action);
      });
      resolve();
    });
  }

  /** Writes all of it or nothing, as a single `put` does, or as part of the transaction that it is called in. */
  together(action: () => void): void {
    this.#write(() => {
      this.#root.transactionSync(action, this.#unflushed);
    });
  }

  /**
   * As `transaction`, but together with what else is written shortly after: each transaction flushes
   * the disk, and short steps end one after the other.
   */
  soon(action: () => void): Promise<void> {
    this.#held.push(action);
    return (this.#writing ??= this.#writeHeld());
  }

  /** Ends the waiting of what `soon` holds. */
  flush(): void {
    this.#hurried.abort();
    this.#hurried = new AbortController();
  }

  /** The same for good: nothing waits any more. */
  hurry(): void {
    this.#isInHurry = true;
    this.flush();
  }

  async #writeHeld(): Promise<void> {
    await this.#meetCompany();
    const actions = this.#held.splice(0);
    this.#writing = undefined;
    await this.transaction(() => {
      for (const action of actions) action();
    });
  }

  async #meetCompany(): Promise<void> {
    const { signal } = this.#hurried;
    const latest = uptime() + PATIENCE;
    const isOver = (): boolean => this.#isInHurry || signal.aborted || uptime() >= latest;
    for (let met = 0; met < this.#held.length && !isOver();) {
      met = this.#held.length;
      await setTimeout(COMPANY, undefined, { signal }).catch(() => undefined);
    }
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

  /** The number of the last transaction that wrote anything, in any process. */
  get lastWrite(): number {
    return (this.#root.getStats() as { readonly lastTxnId: number }).lastTxnId;
  }

  /** Finishes what is being written, and closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.hurry();
    await this.#writing?.catch(() => undefined); // told to whoever waits for it
    // At once, as nothing is being written: only what does not wait may keep the others out.
    const closed = this.#gate.alone(() => this.#root.close());
    this.#gate.close();
    await closed;
  }
}

class LmdbTable<Value> implements Table<Value> {
  readonly #table: LmdbDatabase<Value, string>;
  readonly #write: (action: () => unknown) => void;

  constructor(table: LmdbDatabase<Value, string>, write: (action: () => unknown) => void) {
    this.#table = table;
    this.#write = write;
  }

  get(key: string): Value | undefined {
    return this.#table.get(key);
  }
  put(key: string, value: Value): void {
    this.#write(() => {
      this.#table.putSync(key, value);
    });
  }
  remove(key: string): void {
    this.#write(() => this.#table.removeSync(key));
  }
  entries(prefix = ""): readonly (readonly [string, Value])[] {
    const range = prefix === "" ? {} : { start: prefix, end: `${prefix}\u{10ffff}` };
    return [...this.#table.getRange(range)].map(({ key, value }) => [key, value] as const);
  }
}
