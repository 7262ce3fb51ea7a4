import type { RemoteCache } from "../cache/remote-cache.js";
import type { CacheMount, CacheMountRequest } from "../store/cache-mount.js";
import type { CacheMounts } from "../store/cache-mounts.js";

type Caches = Pick<CacheMounts, "acquire" | "removeEmpty" | "wipe">;

/**
 * The cache mounts of one build: --no-cache empties each once, before its first use (R05), else one
 * that holds nothing here may be had from elsewhere.
 */
export class BuildCaches {
  readonly #caches: Caches;
  readonly #remoteCache: Pick<RemoteCache, "restoreMount"> | undefined;
  readonly #ready = new Map<string, Promise<void>>();

  constructor(caches: Caches, remoteCache: Pick<RemoteCache, "restoreMount"> | undefined) {
    this.#caches = caches;
    this.#remoteCache = remoteCache;
  }

  async acquire(
    request: CacheMountRequest & { readonly fresh: boolean },
    signal: AbortSignal,
  ): Promise<CacheMount> {
    const { identity, fresh } = request;
    const ready = this.#ready.get(identity) ?? this.#prepare(request, signal);
    this.#ready.set(identity, ready);
    await ready;
    const remoteCache = fresh ? undefined : this.#remoteCache;
    const restore: CacheMountRequest["restore"] =
      remoteCache && ((fill) => remoteCache.restoreMount(request, fill, signal));
    return await this.#caches.acquire({ ...request, restore }, signal);
  }

  async #prepare(
    { identity, fresh }: Pick<CacheMountRequest, "identity"> & { readonly fresh: boolean },
    signal: AbortSignal,
  ): Promise<void> {
    if (fresh) await this.#caches.wipe(identity, signal);
    else if (this.#remoteCache !== undefined) await this.#caches.removeEmpty(identity);
  }
}
