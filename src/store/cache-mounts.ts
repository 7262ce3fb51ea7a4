import { randomBytes } from "node:crypto";
import { CacheDirectories, type CacheDirectoriesDeps } from "./cache-directories.js";
import type { CacheMount, CacheMountRecord, CacheMountRequest, FillCache } from "./cache-mount.js";
import type { Database, Table } from "./database.js";
import { directorySize } from "./directory-size.js";
import { cacheEntries, type HeldCache } from "./held-cache.js";
import { ResourceStack } from "./resource-stack.js";
import type { Tally } from "./tally.js";

/** What `CacheMounts` works with. */
export interface CacheMountsDeps extends CacheDirectoriesDeps {
  readonly database: Database;
  readonly tally: Tally;
  /** Told of each directory that a step has done with. */
  readonly used: (record: CacheMountRecord) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The cache directories of all builds on this machine, by what they are for. */
export class CacheMounts {
  readonly #deps: CacheMountsDeps;
  readonly #records: Table<CacheMountRecord>;
  readonly #directories: CacheDirectories;

  constructor(deps: CacheMountsDeps) {
    this.#deps = deps;
    this.#records = deps.tally.table("cache-mounts", ({ size = 0 }) => size);
    this.#directories = new CacheDirectories(deps);
  }

  /** Finds or makes one, waiting for others as `sharing` says. */
  async acquire(request: CacheMountRequest, signal: AbortSignal): Promise<CacheMount> {
    for (;;) {
      const found = await this.#find(request, signal);
      if (found !== undefined) return found;
      const made = await this.#make(request, signal);
      if (made !== undefined) return made;
    }
  }

  /** Forgets every directory of an identity. What a step is using goes when it has ended. */
  async wipe(identity: string, signal: AbortSignal): Promise<void> {
    await using _lock = await this.#deps.locks.lock(`cache mount ${identity}`, signal);
    this.#deps.database.refresh();
    for (const record of this.#of(identity)) await this.remove(record);
  }

  /** Every record. */
  list(): readonly CacheMountRecord[] {
    return this.#records.entries().map(([, record]) => record);
  }

  /** Forgets a directory, then removes it; what a step is using goes when it has ended. */
  async remove({ name, identity }: CacheMountRecord): Promise<void> {
    this.#records.remove(keyOf(identity, name));
    await this.#directories.removeUnused(name);
  }

  /** Removes the directory of that name, and its record; false when a step uses it. */
  async removeNamed(name: string): Promise<boolean> {
    await using held = this.#directories.tryHold(name);
    if (held === undefined) return false;
    this.#deps.database.refresh();
    const record = this.list().find((each) => each.name === name);
    if (record !== undefined) this.#records.remove(keyOf(record.identity, name));
    await this.#directories.remove(name);
    return true;
  }

  /** The directory of an identity that was used last: private mounts may have made several. */
  latest(identity: string): CacheMountRecord | undefined {
    return this.#of(identity).toSorted((one, other) => other.usedAt - one.usedAt)[0];
  }

  /** Reads a directory; undefined when a step uses it, or it is gone. */
  async read(record: CacheMountRecord): Promise<HeldCache | undefined> {
    await using held = new ResourceStack();
    const lock = this.#directories.tryHold(record.name);
    if (lock === undefined) return undefined;
    held.use(lock);
    if (!(await this.#isThere(record))) return undefined;
    const kept = held.move();
    const entries = cacheEntries(this.#directories.path(record.name));
    return { entries, [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose]() };
  }

  /** Removes the directories of an identity that hold nothing and that no step uses. */
  async removeEmpty(identity: string): Promise<void> {
    for (const { name } of this.#of(identity)) {
      await using held = this.#directories.tryHold(name);
      if (held === undefined || !(await this.#directories.isEmpty(name))) continue;
      this.#records.remove(keyOf(identity, name));
      await this.#directories.remove(name);
    }
  }

  /** Whether a step uses it. */
  isInUse({ name }: CacheMountRecord): boolean {
    const held = this.#directories.tryHold(name);
    void held?.[Symbol.asyncDispose]();
    return held === undefined;
  }

  /** Counts the bytes of a directory anew, and notes them. */
  async measure({ name, identity }: CacheMountRecord): Promise<void> {
    const size = await directorySize(this.#directories.path(name));
    this.#deps.database.refresh();
    const record = this.#records.get(keyOf(identity, name));
    const measuredAt = this.#deps.now();
    if (record !== undefined) {
      this.#records.put(keyOf(identity, name), { ...record, size, measuredAt });
    }
  }

  /** Removes directories that no record names; the caller holds the store alone. */
  async removeUnknown(): Promise<void> {
    const known = new Set(this.list().map(({ name }) => name));
    for (const name of await this.#directories.names()) {
      if (!known.has(name)) await this.#directories.removeUnused(name);
    }
  }

  /** Bytes in the files of a directory. */
  async size({ name }: CacheMountRecord): Promise<number> {
    return await directorySize(this.#directories.path(name));
  }

  async #find(request: CacheMountRequest, signal: AbortSignal): Promise<CacheMount | undefined> {
    const { sharing, identity } = request;
    const records = this.#of(identity);
    for (const record of sharing === "private" ? records : records.slice(0, 1)) {
      await using held = new ResourceStack();
      const lock = await this.#directories.hold(record.name, sharing, signal);
      if (lock === undefined) continue;
      held.use(lock);
      if (await this.#isThere(record)) return this.#mount(record, held.move());
    }
    return undefined;
  }

  /** It may have been wiped while somebody waited for it. */
  async #isThere({ name, identity }: CacheMountRecord): Promise<boolean> {
    this.#deps.database.refresh();
    if (this.#records.get(keyOf(identity, name)) === undefined) return false;
    if (await this.#directories.has(name)) return true;
    this.#records.remove(keyOf(identity, name));
    return false;
  }

  /** Undefined when another build was faster. */
  async #make(request: CacheMountRequest, signal: AbortSignal): Promise<CacheMount | undefined> {
    const { database, locks, now } = this.#deps;
    const { identity, id, sharing, initial, restore } = request;
    await using _lock = await locks.lock(`cache mount ${identity}`, signal);
    database.refresh();
    if (sharing !== "private" && this.#of(identity).length > 0) return undefined;
    const records = this.#of(identity);
    const number = Number(records.at(-1)?.name.split("-")[0] ?? "-1") + 1;
    const name = `${String(number).padStart(6, "0")}-${randomBytes(8).toString("hex")}`;
    const fill: FillCache = (cache) => this.#directories.fill(name, cache);
    const isRestored = records.length === 0 && (await restore?.(fill)) === true;
    if (!isRestored) await fill(await initial());
    await using held = new ResourceStack();
    const lock = await this.#directories.hold(name, sharing, signal);
    if (lock === undefined) throw new Error(`somebody else holds the new cache ${name}`);
    held.use(lock);
    await this.#directories.publish(name);
    const record = { name, identity, id, createdAt: now(), usedAt: now() };
    this.#records.put(keyOf(identity, name), record);
    return this.#mount(record, held.move());
  }

  #mount(record: CacheMountRecord, held: ResourceStack): CacheMount {
    let ending: Promise<void> | undefined;
    return {
      path: this.#directories.path(record.name),
      [Symbol.asyncDispose]: () => (ending ??= this.#end(record, held)),
    };
  }

  /** Lets others have a directory, and notes its use; one that was wiped meanwhile goes. */
  async #end({ name, identity }: CacheMountRecord, held: AsyncDisposable): Promise<void> {
    let isWiped = false;
    {
      await using _held = held;
      this.#deps.database.refresh();
      const kept = this.#records.get(keyOf(identity, name));
      isWiped = kept === undefined;
      if (kept !== undefined) this.#noteUse(kept);
    }
    if (isWiped) await this.#directories.removeUnused(name);
  }

  #noteUse(record: CacheMountRecord): void {
    const used = { ...record, usedAt: this.#deps.now(), uses: (record.uses ?? 0) + 1 };
    this.#records.put(keyOf(record.identity, record.name), used);
    this.#deps.used(used);
  }

  /** The oldest first. */
  #of(identity: string): readonly CacheMountRecord[] {
    return this.#records.entries(`${identity}/`).map(([, record]) => record);
  }
}

function keyOf(identity: string, name: string): string {
  return `${identity}/${name}`;
}
