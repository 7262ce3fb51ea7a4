import type { LayerId, TreeDigest } from "../snapshotter/snapshotter.js";
import type { Database, Table } from "../store/database.js";
import type { Layers } from "../store/layers.js";
import type { CacheKey, KeyComponent } from "./key.js";

/** That a step was run, and what it gave. */
export interface CacheRecord {
  readonly key: CacheKey;
  readonly layer: LayerId;
  readonly tree: TreeDigest;
  readonly components: readonly KeyComponent[];
  /** From `runIdentities`. */
  readonly identities: readonly string[];
  /** For people: "RUN make". */
  readonly stepTitle: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** What the builder asks of the cache. */
export interface StepCache {
  /** The record of that key; undefined also when its layer is gone. Notes the use of the layer. */
  get(key: CacheKey): Promise<CacheRecord | undefined>;
  /**
   * Resolves when every process finds it. The layer is published before. `files` is what a COPY
   * selected (`packFacts`); without, what is kept of its first identity stays.
   */
  put(record: CacheRecord, files?: Uint8Array): Promise<void>;
  /** The latest record of the same step, by the first of these that is known. */
  nearest(identities: readonly string[]): CacheRecord | undefined;
  /** The files that were last put with the first identity of that record. */
  filesOf(record: CacheRecord): Uint8Array | undefined;
}

/** The records of a store. */
export class StepRecords implements StepCache {
  readonly #database: Database;
  readonly #layers: Layers;
  readonly #records: Table<CacheRecord>;
  readonly #latest: Table<CacheKey>;
  readonly #files: Table<Uint8Array>;

  constructor({ database, layers }: { readonly database: Database; readonly layers: Layers }) {
    this.#database = database;
    this.#layers = layers;
    this.#records = database.table("steps");
    this.#latest = database.table("steps-latest");
    this.#files = database.byteTable("copied-files");
  }

  async get(key: CacheKey): Promise<CacheRecord | undefined> {
    this.#database.refresh(); // the caller may have waited for another process to put it
    const record = this.#records.get(key);
    if (record === undefined) return undefined;
    const layer = await this.#layers.find(record.layer);
    // Ids are random, but a removed layer's may be given again: the tree tells.
    if (layer?.tree !== record.tree) return undefined;
    this.#layers.touch(layer);
    return record;
  }

  async put(record: CacheRecord, files?: Uint8Array): Promise<void> {
    const [first] = record.identities;
    await this.#database.soon(() => {
      this.#records.put(record.key, record);
      for (const identity of record.identities) this.#latest.put(identity, record.key);
      if (files !== undefined && first !== undefined) this.#files.put(first, files);
    });
  }

  nearest(identities: readonly string[]): CacheRecord | undefined {
    for (const identity of identities) {
      const key = this.#latest.get(identity);
      const record = key === undefined ? undefined : this.#records.get(key);
      if (record !== undefined) return record;
    }
    return undefined;
  }

  filesOf({ identities: [first] }: CacheRecord): Uint8Array | undefined {
    return first === undefined ? undefined : this.#files.get(first);
  }

  /** Removes records whose layers were pruned, and answers how many. */
  async removeStale(): Promise<number> {
    const gone: CacheRecord[] = [];
    for (const [, record] of this.#records.entries()) {
      if ((await this.#layers.find(record.layer))?.tree !== record.tree) gone.push(record);
    }
    await this.#database.transaction(() => {
      for (const { key } of gone) this.#records.remove(key);
      for (const [identity, key] of this.#latest.entries()) {
        if (this.#records.get(key) !== undefined) continue;
        this.#latest.remove(identity);
        this.#files.remove(identity);
      }
    });
    return gone.length;
  }
}
