import type { LayerId, TreeDigest } from "../snapshotter/snapshotter.js";
import type { Database, Table } from "../store/database.js";
import type { Layers } from "../store/layers.js";
import type { Ancestry, KnownState, StateOrigin } from "./first-change.js";
import { parentOf, stateUpon, type CacheKey, type KeyComponent, type StateKey } from "./key.js";
import { DAY } from "../time.js";

/** That a step was run, and what it gave. */
export interface CacheRecord {
  readonly key: CacheKey;
  readonly layer: LayerId;
  readonly tree: TreeDigest;
  readonly components: readonly KeyComponent[];
  /** From `stepIdentities`. */
  readonly identities: readonly string[];
  /** For people: "RUN make". */
  readonly stepTitle: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** How long the step took, in milliseconds; undefined where its result was there already. */
  readonly took?: number | undefined;
  /** What its parent, and what it copies from, start with. */
  readonly bases?: readonly KnownState[] | undefined;
  /** The cache of elsewhere that it came from; undefined of a step that was run here. */
  readonly importedFrom?: string | undefined;
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
  /** Remembers what led to a state: of a step whose layer is not here. */
  putState(record: StateRecord): Promise<void>;
  /** The latest record of the same step, by the first of these that is known. */
  nearest(identities: readonly string[]): CacheRecord | undefined;
  /** That record, then the ones before it, as many as are kept. */
  earlier(identities: readonly string[]): readonly CacheRecord[];
  /** What led to a state, as far as that is known. */
  ancestry(state: StateKey): Ancestry;
  /** The files that were last put with the first identity of that record. */
  filesOf(record: CacheRecord): Uint8Array | undefined;
  /** The same of the record of that key. */
  filesBy(key: CacheKey): Uint8Array | undefined;
}

/** What a record tells of the state that its step led to. */
export type StateRecord = Pick<CacheRecord, "bases" | "components" | "stepTitle" | "tree">;

/** The records of a store. */
export class StepRecords implements StepCache {
  readonly #database: Database;
  readonly #layers: Layers;
  readonly #records: Table<CacheRecord>;
  readonly #runs: Table<readonly CacheKey[]>;
  readonly #files: Table<Uint8Array>;
  readonly #states: Table<StateOrigin>;
  readonly #origins = new Map<StateKey, StateOrigin>();

  constructor({ database, layers }: { readonly database: Database; readonly layers: Layers }) {
    this.#database = database;
    this.#layers = layers;
    this.#records = database.table("steps");
    this.#runs = database.table("step-runs");
    this.#files = database.byteTable("copied-files");
    this.#states = database.table("states");
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
      for (const identity of record.identities) this.#putRun(identity, record.key);
      if (files !== undefined && first !== undefined) this.#files.put(first, files);
      this.#putStates(record);
    });
  }

  #putRun(identity: string, key: CacheKey): void {
    const others = (this.#runs.get(identity) ?? []).filter((other) => other !== key);
    this.#runs.put(identity, [key, ...others].slice(0, RUNS));
  }

  async putState(record: StateRecord): Promise<void> {
    const parent = parentOf(record.components);
    if (parent === undefined || this.#states.get(stateUpon(parent, record.tree)) !== undefined)
      return;
    await this.#database.soon(() => {
      this.#putStates(record);
    });
  }

  #putStates({ components, tree, stepTitle: title, bases = [] }: StateRecord): void {
    const parent = parentOf(components);
    if (parent === undefined) return;
    this.#states.put(stateUpon(parent, tree), { title, parent });
    for (const { key, ...origin } of bases) this.#states.put(key, origin);
  }

  ancestry(state: StateKey): Ancestry {
    const found: KnownState[] = [];
    let key: StateKey | undefined = state;
    while (key !== undefined) {
      const origin: StateOrigin | undefined = this.#originOf(key);
      if (origin !== undefined) found.push({ key, ...origin });
      key = origin?.parent;
    }
    return found;
  }

  /** Remembered, because the steps of a stage have most of their ancestry in common. */
  #originOf(key: StateKey): StateOrigin | undefined {
    const known = this.#origins.get(key) ?? this.#states.get(key);
    if (known !== undefined) this.#origins.set(key, known);
    return known;
  }

  nearest(identities: readonly string[]): CacheRecord | undefined {
    return this.earlier(identities)[0];
  }

  earlier(identities: readonly string[]): readonly CacheRecord[] {
    for (const identity of identities) {
      const keys = this.#runs.get(identity) ?? [];
      const records = keys.flatMap((key) => this.#records.get(key) ?? []);
      if (records.length > 0) return records;
    }
    return [];
  }

  filesOf({ identities: [first] }: CacheRecord): Uint8Array | undefined {
    return first === undefined ? undefined : this.#files.get(first);
  }

  filesBy(key: CacheKey): Uint8Array | undefined {
    const record = this.#records.get(key);
    return record && this.filesOf(record);
  }

  /** Every record, also of layers that are gone. */
  list(): readonly CacheRecord[] {
    return this.#records.entries().map(([, record]) => record);
  }

  /**
   * Removes records whose layers were pruned, and answers how many. The latest runs of a step are kept
   * for a while, because a miss is compared with them.
   */
  async removeStale(now = Date.now()): Promise<number> {
    const gone = new Set<string>();
    for (const [key, record] of this.#records.entries()) {
      if (this.#layers.peek(record.layer)?.tree !== record.tree) gone.add(key);
    }
    for (const key of this.#runs.entries().flatMap(([, keys]) => keys)) {
      const record = this.#records.get(key);
      if (record !== undefined && now - record.createdAt < EXPLAINS) gone.delete(key);
    }
    await this.#database.transaction(() => {
      for (const key of gone) this.#records.remove(key);
      for (const [identity, keys] of this.#runs.entries()) {
        if (keys.some((key) => this.#records.get(key) !== undefined)) continue;
        this.#runs.remove(identity);
        this.#files.remove(identity);
      }
      this.#removeStates();
    });
    return gone.size;
  }

  /** Of what is left nobody asks for another state. */
  #removeStates(): void {
    const wanted = new Set<string>();
    for (const [, { components, tree, bases = [] }] of this.#records.entries()) {
      const parent = parentOf(components);
      if (parent !== undefined) wanted.add(stateUpon(parent, tree));
      for (const { key } of bases) wanted.add(key);
    }
    for (const [key] of this.#states.entries()) if (!wanted.has(key)) this.#states.remove(key);
  }
}

/** Runs of one step that are remembered: a miss is compared with that which it is most like. */
const RUNS = 5;

/** How long a record whose layer is gone is kept: two weeks. */
const EXPLAINS = 14 * DAY;
