import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, readdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { materialize } from "../snapshotter/materialize.js";
import { removeTree } from "../snapshotter/remove-tree.js";
import { isSystemError } from "../sys/system-error.js";
import type {
  CacheMount,
  CacheMountRecord,
  CacheMountRequest,
  FillCache,
  NewCache,
} from "./cache-mount.js";
import type { Database, Table } from "./database.js";
import { directorySize } from "./directory-size.js";
import { cacheEntries, type HeldCache } from "./held-cache.js";
import type { Locks } from "./locks.js";
import type { Tally } from "./tally.js";

/** What `CacheMounts` works with. */
export interface CacheMountsDeps {
  readonly database: Database;
  readonly tally: Tally;
  readonly locks: Locks;
  /** Where the directories are, and on the same filesystem one for what is not finished. */
  readonly directory: string;
  readonly work: string;
  readonly userNamespace: boolean;
  /** Told of each directory that a step has done with. */
  readonly used: (record: CacheMountRecord) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The cache directories of all builds on this machine. */
export class CacheMounts {
  readonly #deps: CacheMountsDeps;
  readonly #records: Table<CacheMountRecord>;

  constructor(deps: CacheMountsDeps) {
    this.#deps = deps;
    this.#records = deps.tally.table("cache-mounts", ({ size = 0 }) => size);
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
    await this.#removeUnused(name);
  }

  /** Removes the directory of that name, and its record; false when a step uses it. */
  async removeNamed(name: string): Promise<boolean> {
    await using held = this.#deps.locks.tryLock(lockOf(name));
    if (held === undefined) return false;
    this.#deps.database.refresh();
    const record = this.list().find((each) => each.name === name);
    if (record !== undefined) this.#records.remove(keyOf(record.identity, name));
    await this.#takeAway(name);
    return true;
  }

  /** The directory of an identity that was used last: private mounts may have made several. */
  latest(identity: string): CacheMountRecord | undefined {
    return this.#of(identity).toSorted((one, other) => other.usedAt - one.usedAt)[0];
  }

  /** Reads a directory; undefined when a step uses it, or it is gone. */
  async read(record: CacheMountRecord): Promise<HeldCache | undefined> {
    const held = this.#deps.locks.tryLock(lockOf(record.name));
    if (held === undefined) return undefined;
    const release = (): PromiseLike<void> => held[Symbol.asyncDispose]();
    if (await this.#isThere(record))
      return { entries: cacheEntries(this.#path(record.name)), [Symbol.asyncDispose]: release };
    await release();
    return undefined;
  }

  /** Removes the directories of an identity that hold nothing and that no step uses. */
  async removeEmpty(identity: string): Promise<void> {
    for (const { name } of this.#of(identity)) {
      await using held = this.#deps.locks.tryLock(lockOf(name));
      if (held === undefined || !(await isEmpty(this.#path(name)))) continue;
      this.#records.remove(keyOf(identity, name));
      await this.#takeAway(name);
    }
  }

  /** Whether a step uses it. */
  isInUse({ name }: CacheMountRecord): boolean {
    const held = this.#deps.locks.tryLock(lockOf(name));
    void held?.[Symbol.asyncDispose]();
    return held === undefined;
  }

  /** Counts the bytes of a directory anew, and notes them. */
  async measure({ name, identity }: CacheMountRecord): Promise<void> {
    const size = await directorySize(this.#path(name));
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
    for (const name of await readdir(this.#deps.directory)) {
      if (!known.has(name)) await this.#removeUnused(name);
    }
  }

  /** Bytes in the files of a directory. */
  async size({ name }: CacheMountRecord): Promise<number> {
    return await directorySize(this.#path(name));
  }

  async #find(request: CacheMountRequest, signal: AbortSignal): Promise<CacheMount | undefined> {
    const { sharing, identity } = request;
    const records = this.#of(identity);
    for (const record of sharing === "private" ? records : records.slice(0, 1)) {
      const held = await this.#hold(record.name, sharing, signal);
      if (held === undefined) continue;
      if (await this.#isThere(record)) return this.#mount(record, held);
      await held[Symbol.asyncDispose]();
    }
    return undefined;
  }

  async #hold(
    name: string,
    sharing: CacheMountRequest["sharing"],
    signal: AbortSignal,
  ): Promise<AsyncDisposable | undefined> {
    const { locks } = this.#deps;
    switch (sharing) {
      case "shared":
        return await locks.share(lockOf(name), signal);
      case "locked":
        return await locks.lock(lockOf(name), signal);
      case "private":
        return locks.tryLock(lockOf(name));
    }
  }

  /** It may have been wiped while somebody waited for it. */
  async #isThere({ name, identity }: CacheMountRecord): Promise<boolean> {
    this.#deps.database.refresh();
    if (this.#records.get(keyOf(identity, name)) === undefined) return false;
    if (await isDirectory(this.#path(name))) return true;
    this.#records.remove(keyOf(identity, name));
    return false;
  }

  /** Undefined when another build was faster. */
  async #make(request: CacheMountRequest, signal: AbortSignal): Promise<CacheMount | undefined> {
    const { database, locks, now, work } = this.#deps;
    const { identity, id, sharing, initial, restore } = request;
    await using _lock = await locks.lock(`cache mount ${identity}`, signal);
    database.refresh();
    if (sharing !== "private" && this.#of(identity).length > 0) return undefined;
    const records = this.#of(identity);
    const number = Number(records.at(-1)?.name.split("-")[0] ?? "-1") + 1;
    const name = `${String(number).padStart(6, "0")}-${randomBytes(8).toString("hex")}`;
    const fresh = join(work, `cache-${name}`);
    const fill: FillCache = (cache) => this.#fill(fresh, cache);
    const isRestored = records.length === 0 && (await restore?.(fill)) === true;
    if (!isRestored) await fill(await initial());
    const held = await this.#hold(name, sharing, signal);
    if (held === undefined) throw new Error(`somebody else holds the new cache ${name}`);
    await rename(fresh, this.#path(name));
    const record = { name, identity, id, createdAt: now(), usedAt: now() };
    this.#records.put(keyOf(identity, name), record);
    return this.#mount(record, held);
  }

  async #fill(directory: string, { uid, gid, mode, entries }: NewCache): Promise<void> {
    const { userNamespace } = this.#deps;
    await mkdir(directory);
    try {
      await materialize(entries, directory, { plain: false, userNamespace });
      await chown(directory, uid, gid);
      await chmod(directory, mode);
    } catch (error) {
      await removeTree(directory);
      throw error;
    }
  }

  #mount(record: CacheMountRecord, held: AsyncDisposable): CacheMount {
    const { name, identity } = record;
    return {
      path: this.#path(name),
      [Symbol.asyncDispose]: async () => {
        this.#deps.database.refresh();
        const kept = this.#records.get(keyOf(identity, name));
        if (kept !== undefined) {
          const used = { ...kept, usedAt: this.#deps.now(), uses: (kept.uses ?? 0) + 1 };
          this.#records.put(keyOf(identity, name), used);
          this.#deps.used(used);
        }
        await held[Symbol.asyncDispose]();
        if (kept === undefined) await this.#removeUnused(name);
      },
    };
  }

  async #removeUnused(name: string): Promise<void> {
    await using held = this.#deps.locks.tryLock(lockOf(name));
    if (held !== undefined) await this.#takeAway(name);
  }

  /** The caller holds the lock of the directory. */
  async #takeAway(name: string): Promise<void> {
    const doomed = join(this.#deps.work, `removed-${name}`);
    try {
      await rename(this.#path(name), doomed); // at once, or a kill leaves half of it
    } catch (error) {
      if (isSystemError(error, "ENOENT")) return;
      throw error;
    }
    await removeTree(doomed);
  }

  /** The oldest first. */
  #of(identity: string): readonly CacheMountRecord[] {
    return this.#records.entries(`${identity}/`).map(([, record]) => record);
  }

  #path(name: string): string {
    return join(this.#deps.directory, name);
  }
}

function keyOf(identity: string, name: string): string {
  return `${identity}/${name}`;
}

function lockOf(name: string): string {
  return `cache directory ${name}`;
}

async function isEmpty(path: string): Promise<boolean> {
  return await readdir(path).then(
    (names) => names.length === 0,
    () => false,
  );
}

async function isDirectory(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
