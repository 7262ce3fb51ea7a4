import { statfsSync } from "node:fs";
import type { CacheMountRecord } from "./cache-mount.js";
import type { DiskItem } from "./disk-items.js";
import type { SpaceLimits } from "./eviction.js";
import { evict, planPrune } from "./garbage.js";
import type { Store } from "./store.js";
import { HOUR } from "../time.js";

/** What keeps a store within its limits. */
export interface CollectorOptions {
  /** Asked when something was written; undefined collects nothing. */
  readonly limits: () => SpaceLimits | undefined;
  /** Told of what went wrong: no build fails of it. */
  readonly warn: (error: unknown) => void;
}

/** Of the limit: what is free after a collection, and what must be written before a vain one is repeated. */
const SLACK = 0.05;

/**
 * Collects garbage while builds write, beside them. After most writes it only asks how full the disk is: the
 * sum of sizes is in the database. Cache mounts are counted when that could matter.
 */
export class Collector {
  readonly #store: () => Store;
  readonly #options: CollectorOptions;
  readonly #stale = new Map<string, CacheMountRecord>();
  #quietUntil = 0;
  #due = false;
  #running: Promise<void> | undefined;

  constructor(store: () => Store, options: CollectorOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Something came. */
  wrote(): void {
    this.#wake();
  }

  /** A step has done with a cache mount. */
  used(record: CacheMountRecord): void {
    this.#stale.set(record.name, record);
    this.#wake();
  }

  /** Waits until the store is within its limits, or cannot be. */
  async finish(): Promise<void> {
    await this.#running;
  }

  #wake(): void {
    this.#due = true;
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    try {
      while (this.#due) {
        this.#due = false;
        await this.#check();
      }
    } catch (error) {
      this.#options.warn(error);
    } finally {
      this.#running = undefined;
    }
  }

  async #check(): Promise<void> {
    const limits = this.#options.limits();
    if (limits === undefined) return;
    const store = this.#store();
    await this.#measureCaches(store, limits);
    const total = store.tally.total();
    const { reserved = 0 } = limits; // a store that has no more frees nothing of a disk that others fill
    if (total <= reserved || total < this.#quietUntil || !isOver(store, limits)) return;
    await this.#collect(store, limits);
  }

  async #collect(store: Store, limits: SpaceLimits): Promise<void> {
    const { maxUsed } = limits;
    const goal = maxUsed === undefined ? undefined : maxUsed * (1 - SLACK);
    const accepts = ({ kind }: DiskItem): boolean => kind !== "blob"; // who wrote it may need it yet
    const request = { accepts, limits: { ...limits, maxUsed: goal } };
    await evict(store, await planPrune(store, request), { all: false });
    const isVain = isOver(store, limits); // others may fill the disk
    this.#quietUntil = isVain ? store.tally.total() * (1 + SLACK) : 0;
  }

  /** Counting a hundred thousand files takes half a second: not after each use, while there is room. */
  async #measureCaches(store: Store, { maxUsed = Infinity }: SpaceLimits): Promise<void> {
    for (const record of this.#stale.values()) {
      this.#stale.delete(record.name);
      const { size, measuredAt = 0 } = record;
      const isTight = store.tally.total() > maxUsed / 2;
      if (size !== undefined && !isTight && store.now() - measuredAt < HOUR) continue;
      await store.cacheMounts.measure(record);
    }
  }
}

function isOver(
  { paths, tally }: Store,
  { maxUsed = Infinity, minFree = 0 }: SpaceLimits,
): boolean {
  if (tally.total() > maxUsed) return true;
  const { bavail, bsize } = statfsSync(paths.root);
  return bavail * bsize < minFree;
}
