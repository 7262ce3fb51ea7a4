import { chmod, chown, mkdir, readdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { materialize } from "../snapshotter/materialize.js";
import { removeTree } from "../snapshotter/remove-tree.js";
import { isSystemError } from "../sys/system-error.js";
import { diskError } from "./disk-error.js";
import type { CacheMountRequest, NewCache } from "./cache-mount.js";
import type { Locks } from "./locks.js";

/** What `CacheDirectories` works with. */
export interface CacheDirectoriesDeps {
  readonly locks: Locks;
  /** Where they are, and on the same filesystem a place for what is not finished. */
  readonly directory: string;
  readonly work: string;
  readonly userNamespace: boolean;
}

/** The directories of cache mounts by their names. Who uses one holds it; who removes one holds it alone. */
export class CacheDirectories {
  readonly #deps: CacheDirectoriesDeps;

  constructor(deps: CacheDirectoriesDeps) {
    this.#deps = deps;
  }

  /** Host path. */
  path(name: string): string {
    return join(this.#deps.directory, name);
  }

  /** Every name, in no order. */
  names(): Promise<readonly string[]> {
    return readdir(this.#deps.directory);
  }

  /** Waits for others as `sharing` says; undefined when it says not to. */
  async hold(
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
        return this.tryHold(name);
    }
  }

  /** Holds it alone; undefined when somebody has it. */
  tryHold(name: string): AsyncDisposable | undefined {
    return this.#deps.locks.tryLock(lockOf(name));
  }

  /** STORE where that cannot be told: who takes it for missing forgets what is in it. */
  async has(name: string): Promise<boolean> {
    try {
      return (await stat(this.path(name))).isDirectory();
    } catch (error) {
      if (isSystemError(error, "ENOENT")) return false;
      throw diskError(`look for the cache mount "${this.path(name)}"`, error);
    }
  }

  /** False also where there is none, or that cannot be told. */
  async isEmpty(name: string): Promise<boolean> {
    return await readdir(this.path(name)).then(
      (names) => names.length === 0,
      () => false,
    );
  }

  /** Makes one that nobody sees before it is published; a failure leaves nothing of it. */
  async fill(name: string, { uid, gid, mode, entries }: NewCache): Promise<void> {
    const { userNamespace } = this.#deps;
    const directory = this.#unfinished(name);
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

  /** Makes one that was filled visible. */
  async publish(name: string): Promise<void> {
    await rename(this.#unfinished(name), this.path(name));
  }

  /** Removes one unless somebody has it. */
  async removeUnused(name: string): Promise<void> {
    await using held = this.tryHold(name);
    if (held !== undefined) await this.remove(name);
  }

  /** Removes one that the caller holds alone; succeeds when already gone. */
  async remove(name: string): Promise<void> {
    const doomed = join(this.#deps.work, `removed-${name}`);
    try {
      await rename(this.path(name), doomed); // at once, or a kill leaves half of it
    } catch (error) {
      if (isSystemError(error, "ENOENT")) return;
      throw error;
    }
    await removeTree(doomed);
  }

  #unfinished(name: string): string {
    return join(this.#deps.work, `cache-${name}`);
  }
}

function lockOf(name: string): string {
  return `cache directory ${name}`;
}
