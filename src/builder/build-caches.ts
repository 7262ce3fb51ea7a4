import type { CacheMount, CacheMountRequest, CacheMounts } from "../store/cache-mounts.js";

/** The cache mounts of one build: --no-cache empties each once, before its first use (R05). */
export class BuildCaches {
  readonly #caches: Pick<CacheMounts, "acquire" | "wipe">;
  readonly #ready = new Map<string, Promise<void>>();

  constructor(caches: Pick<CacheMounts, "acquire" | "wipe">) {
    this.#caches = caches;
  }

  async acquire(
    request: CacheMountRequest & { readonly fresh: boolean },
    signal: AbortSignal,
  ): Promise<CacheMount> {
    const { identity, fresh } = request;
    const ready =
      this.#ready.get(identity) ??
      (fresh ? this.#caches.wipe(identity, signal) : Promise.resolve());
    this.#ready.set(identity, ready);
    await ready;
    return await this.#caches.acquire(request, signal);
  }
}
