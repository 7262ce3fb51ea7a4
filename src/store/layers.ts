import { randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { Digest } from "../oci/digest.js";
import type {
  DraftLayer,
  LayerChain,
  LayerId,
  Snapshotter,
  TreeDigest,
} from "../snapshotter/snapshotter.js";
import type { Database, Table } from "./database.js";
import type { Holds } from "./holds.js";
import type { Locks } from "./locks.js";
import { ResourceStack } from "./resource-stack.js";
import type { Tally } from "./tally.js";
import { DAY } from "../time.js";

/** A published layer. */
export interface LayerRecord {
  readonly id: LayerId;
  /** For a pulled layer that of the tar as it came: encoding it again would give other bytes. */
  readonly diffId: Digest;
  readonly tree: TreeDigest;
  /** Bytes of the uncompressed layer tar. */
  readonly size: number;
  readonly origin: Provenance["origin"];
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** As `createdAt`, right to a day. */
  readonly usedAt: number;
  /** On how many days it was used after it came; undefined is 0. */
  readonly uses?: number | undefined;
}

/**
 * Where a draft comes from: a step of ours, a foreign tar that the caller has verified, or a layer that
 * is wanted with other times.
 */
export interface Provenance {
  readonly origin: "built" | "pulled" | "rewritten";
  /** When another machine made it, in milliseconds since the epoch; now unless given. */
  readonly createdAt?: number | undefined;
}

/** A layer that this process can use, and others once it is recorded. */
export interface PublishedLayer {
  readonly layer: LayerRecord;
  /** Otherwise it was known, and the draft dropped. */
  readonly isNew: boolean;
  /** Resolves when the layer is on the disk: what is written from then on comes after its record, or together with it. */
  readonly persisted: Promise<void>;
  /** Resolves when, besides, every process finds it. */
  readonly recorded: Promise<void>;
}

/** Writes into the database what an action puts there. */
type Write = (action: () => void) => Promise<void>;

/** What `Layers` works with. */
export interface LayersDeps {
  readonly database: Database;
  readonly tally: Tally;
  readonly snapshotter: Snapshotter;
  readonly locks: Locks;
  readonly holds: Holds;
  /** Told of each new layer once it is recorded. */
  readonly wrote: () => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * The published layers, found by what they are. A record whose layer is gone counts as no record. What
 * this process finds or publishes stays while it lives.
 */
export class Layers {
  readonly #deps: LayersDeps;
  readonly #records: Table<LayerRecord>;
  readonly #byDiffId: Table<LayerId>;
  readonly #byTree: Table<LayerId>;
  /** Layers of steps that this process published and has not recorded yet. */
  readonly #unrecorded = new Map<TreeDigest, Promise<PublishedLayer>>();

  constructor(deps: LayersDeps) {
    this.#deps = deps;
    this.#records = deps.tally.table("layers", ({ size }) => size);
    this.#byDiffId = deps.database.table("layers-by-diff-id");
    this.#byTree = deps.database.table("layers-by-tree");
  }

  /** The record of a layer that the caller knows to be there; throws when there is none. */
  get(id: LayerId): LayerRecord {
    const record = this.#records.get(id);
    if (record === undefined) throw new Error(`no record of layer ${id}`);
    return record;
  }

  /** The layer of that id, if it is there. */
  find(id: LayerId): Promise<LayerRecord | undefined> {
    return this.#present(id);
  }

  /** The layer of that DiffID; its use is noted. */
  findByDiffId(diffId: Digest): Promise<LayerRecord | undefined> {
    return this.#use(this.#byDiffId.get(diffId));
  }

  /** A layer of that content; mtimes may differ. Its use is noted. */
  findByTree(tree: TreeDigest): Promise<LayerRecord | undefined> {
    return this.#use(this.#byTree.get(tree));
  }

  /** The layers of these DiffIDs, or undefined when one is missing. */
  async findChain(diffIds: readonly Digest[]): Promise<LayerChain | undefined> {
    const chain: LayerId[] = [];
    for (const diffId of diffIds) {
      const record = await this.findByDiffId(diffId);
      if (record === undefined) return undefined;
      chain.push(record.id);
    }
    return chain;
  }

  /** Bytes of the layer of that DiffID, 0 when there is none; no use is noted. */
  sizeOf(diffId: Digest): number {
    const id = this.#byDiffId.get(diffId);
    return (id === undefined ? undefined : this.#records.get(id))?.size ?? 0;
  }

  /** Every record, also of layers that are gone. */
  list(): readonly LayerRecord[] {
    return this.#records.entries().map(([, record]) => record);
  }

  /** Publishes a draft and waits until it is recorded. */
  async adopt(
    draft: DraftLayer,
    provenance: Provenance,
    signal?: AbortSignal,
  ): Promise<LayerRecord> {
    const write: Write = (action) => this.#deps.database.transaction(action);
    const { layer, recorded } = await this.#publish(draft, { ...provenance, write }, signal);
    await recorded;
    return layer;
  }

  /**
   * Publishes a draft, unless the same layer is known: then the draft is dropped and the known one
   * answered (early cutoff). Of built layers the content decides, of all others the DiffID.
   */
  async publish(
    draft: DraftLayer,
    provenance: Provenance,
    signal?: AbortSignal,
  ): Promise<PublishedLayer> {
    const { tree } = draft.measure;
    const twin = provenance.origin === "built" ? this.#unrecorded.get(tree) : undefined;
    const earlier = twin === undefined ? undefined : await twin.catch(() => undefined);
    if (earlier !== undefined) {
      await draft[Symbol.asyncDispose]();
      return { ...earlier, isNew: false };
    }
    const write: Write = (action) => this.#deps.database.soon(action);
    const published = this.#publish(draft, { ...provenance, write }, signal);
    this.#unrecorded.set(tree, published);
    const forget = (): boolean => this.#unrecorded.delete(tree);
    void published.then(({ recorded }) => recorded).then(forget, forget);
    return await published;
  }

  async #publish(
    draft: DraftLayer,
    { origin, createdAt, write }: Provenance & { readonly write: Write },
    signal: AbortSignal | undefined,
  ): Promise<PublishedLayer> {
    const { tree, size, diffId } = draft.measure;
    const earlier = origin === "built" ? await this.findByTree(tree) : undefined;
    if (earlier !== undefined) return await instead(draft, earlier);
    await using held = new ResourceStack();
    // Equal DiffIDs mean equal trees, so that this one lock serves both.
    held.use(await this.#deps.locks.lock(`tree ${tree}`, signal));
    this.#deps.database.refresh();
    const twin = await this.findByTree(tree);
    const known = origin === "built" ? twin : await this.findByDiffId(diffId);
    if (known !== undefined) return await instead(draft, known);
    const now = this.#deps.now();
    const id = await this.#freeId();
    await this.#deps.holds.hold(id);
    const layer = { id, diffId, tree, size, origin, createdAt: createdAt ?? now, usedAt: now };
    await draft.publish(id);
    const record = (): Promise<void> =>
      write(() => {
        this.#records.put(id, layer);
        this.#byDiffId.put(diffId, id);
        if (twin === undefined) this.#byTree.put(tree, id);
      });
    const persist = async (): Promise<{ readonly written: Promise<void> }> => {
      await setImmediate(); // the next step is under way by then
      await draft.persist();
      return { written: record() };
    };
    const writing = persist();
    const persisted = writing.then(() => undefined);
    persisted.catch(() => undefined); // told by `recorded`
    return { layer, isNew: true, persisted, recorded: this.#noteRecorded(writing, held.move()) };
  }

  async #noteRecorded(
    writing: Promise<{ readonly written: Promise<void> }>,
    lock: AsyncDisposable,
  ): Promise<void> {
    await using _lock = lock;
    const { written } = await writing;
    await written;
    this.#deps.wrote();
  }

  /** Waits for the layers of steps that are on their way to the disk. */
  async settled(): Promise<void> {
    const unrecorded = [...this.#unrecorded.values()];
    await Promise.allSettled(unrecorded.map(async (published) => (await published).persisted));
  }

  /** Notes that the layer was used, at most once a day, so that a cached build writes nothing. */
  touch(record: LayerRecord): LayerRecord {
    const now = this.#deps.now();
    if (now - record.usedAt < DAY) return record;
    const touched = { ...record, usedAt: now, uses: (record.uses ?? 0) + 1 };
    this.#records.put(record.id, touched);
    return touched;
  }

  /** The record of that id, of a layer that may be gone, or be removed the next moment. */
  peek(id: LayerId): LayerRecord | undefined {
    return this.#records.get(id);
  }

  /** Whether a layer of that DiffID is recorded. */
  knows(diffId: Digest): boolean {
    return this.#byDiffId.get(diffId) !== undefined;
  }

  /** Forgets a layer, and does `also` with it, then removes it. The caller knows that nobody holds it. */
  async remove(record: LayerRecord, also: () => void = () => undefined): Promise<void> {
    const { id, diffId, tree } = record;
    await this.#deps.database.transaction(() => {
      this.#records.remove(id);
      if (this.#byDiffId.get(diffId) === id) this.#byDiffId.remove(diffId);
      if (this.#byTree.get(tree) === id) this.#byTree.remove(tree);
      also();
    });
    await this.#deps.snapshotter.remove(id);
  }

  async #present(id: LayerId | undefined): Promise<LayerRecord | undefined> {
    if (id === undefined) return undefined;
    if (await this.#deps.holds.hold(id)) this.#deps.database.refresh();
    const record = this.#records.get(id);
    if (record === undefined || !(await this.#deps.snapshotter.has(record.id))) return undefined;
    return record;
  }

  async #use(id: LayerId | undefined): Promise<LayerRecord | undefined> {
    const record = await this.#present(id);
    return record && this.touch(record);
  }

  async #freeId(): Promise<LayerId> {
    for (;;) {
      const id = randomId();
      const taken = this.#records.get(id) !== undefined || (await this.#deps.snapshotter.has(id));
      if (!taken) return id;
    }
  }
}

/** Drops a draft for the layer that is there. */
async function instead(draft: DraftLayer, layer: LayerRecord): Promise<PublishedLayer> {
  await draft[Symbol.asyncDispose]();
  const done = Promise.resolve();
  return { layer, isNew: false, persisted: done, recorded: done };
}

/** Six characters, 2^30 of them: short, because every layer of a chain is named in mount options. */
function randomId(): LayerId {
  const letters = "abcdefghijklmnopqrstuvwxyz234567";
  return [...randomBytes(6)].map((byte) => letters[byte % 32]).join("") as LayerId;
}
