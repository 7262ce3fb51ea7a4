import type { Database, Table } from "./database.js";

/**
 * The bytes that entries of some tables stand for, added up. Each sum is written with the entry that changes it,
 * so that a kill leaves both or neither, and knowing it takes as long with ten thousand layers as with ten.
 */
export class Tally {
  readonly #database: Database;
  /** Of each table, by its name; none before its first entry is written. */
  readonly #sums: Table<number>;
  readonly #count = new Map<string, () => number>();

  constructor(database: Database) {
    this.#database = database;
    this.#sums = database.table("sums");
  }

  /** The table of that name, whose entries count. */
  table<Value>(name: string, sizeOf: (value: Value) => number): Table<Value> {
    const table = this.#database.table<Value>(name);
    const count = (): number => table.entries().reduce((sum, [, value]) => sum + sizeOf(value), 0);
    this.#count.set(name, count);
    const size = (value: Value | undefined): number => (value === undefined ? 0 : sizeOf(value));
    const change = (key: string, write: () => void): void => {
      this.#database.together(() => {
        const before = size(table.get(key));
        const sum = this.#sums.get(name) ?? count(); // an earlier tsbuild kept none
        write();
        this.#set(name, sum - before + size(table.get(key)));
      });
    };
    return {
      get: (key) => table.get(key),
      entries: (prefix) => table.entries(prefix),
      put: (key, value) => {
        change(key, () => {
          table.put(key, value);
        });
      },
      remove: (key) => {
        change(key, () => {
          table.remove(key);
        });
      },
    };
  }

  /** What all tables stand for, as every process has written it. */
  total(): number {
    this.#database.refresh();
    let total = 0;
    for (const [name, count] of this.#count) total += this.#sums.get(name) ?? count();
    return total;
  }

  /** Adds everything up again: who has looked at every entry anyway need not believe a sum. */
  recount(): void {
    this.#database.together(() => {
      for (const [name, count] of this.#count) this.#set(name, count());
    });
  }

  #set(name: string, sum: number): void {
    if ((this.#sums.get(name) ?? 0) !== sum) this.#sums.put(name, sum); // who only looks writes nothing
  }
}
