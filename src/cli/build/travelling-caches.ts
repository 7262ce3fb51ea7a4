import { resolve } from "node:path";
import type { Board } from "../../builder/board.js";
import type { BuildResult } from "../../builder/build.js";
import type { FarCache } from "../../cache/far-cache.js";
import { StoredFacts } from "../../cache/rootfs-facts.js";
import type { Platform } from "../../oci/platform.js";
import { parseReference } from "../../oci/reference.js";
import type { RegistryClient } from "../../registry/registry-client.js";
import { ResourceStack } from "../../store/resource-stack.js";
import { DirectoryPlace } from "../../travel/directory-place.js";
import { stepsOf } from "../../travel/describe-step.js";
import { exportCache, type CacheExport } from "../../travel/export-cache.js";
import { FarSteps } from "../../travel/far-steps.js";
import { withInlineCache } from "../../travel/inline.js";
import type { CachePlace } from "../../travel/place.js";
import { RegistryPlace } from "../../travel/registry-place.js";
import { messageOf } from "../../travel/source.js";
import type { CacheSpec, CacheTarget } from "../args/cache.js";
import { layerProgress } from "../commands/layer-progress.js";
import { openRegistry, type Session } from "../session.js";
import type { Caches, CachesOptions } from "./caches.js";

/** A target that is a place of its own. */
interface PlaceTarget extends CacheTarget {
  readonly place: CacheSpec;
}

function isPlace(target: CacheTarget): target is PlaceTarget {
  return target.place.type !== "inline";
}

/** The caches of --cache-from and --cache-to; each place is opened once. */
export class TravellingCaches implements Caches {
  readonly far: FarCache | undefined;
  readonly inline: Caches["inline"];
  readonly #targets: readonly PlaceTarget[];
  readonly #session: Session;
  readonly #board: Board;
  readonly #platforms: readonly Platform[];
  readonly #resources = new ResourceStack();

  constructor({ cacheFrom, cacheTo, platforms, session, board }: CachesOptions) {
    this.#platforms = platforms;
    this.#session = session;
    this.#board = board;
    this.#targets = cacheTo.filter(isPlace);
    if (!cacheTo.every(isPlace)) {
      const facts = new StoredFacts(session.store);
      this.inline = (result) => (config, layers, built) =>
        withInlineCache(config, layers, { built, result, facts });
    }
    if (cacheFrom.length === 0) return;
    const places = cacheFrom.map((spec) => this.#open(spec));
    this.far = new FarSteps(places, { store: session.store, board });
  }

  async export(result: BuildResult): Promise<void> {
    for (const target of this.#targets) await this.#exportTo(target, result);
  }

  async #exportTo(target: PlaceTarget, result: BuildResult): Promise<void> {
    const { signal } = this.#session.io;
    const place = this.#open(target.place);
    const vertex = this.#board.declare(`exporting cache to ${place.title}`);
    const progress = layerProgress(this.#board, vertex);
    const work = async (): Promise<void> => {
      try {
        await exportCache(place, this.#exportOf(target, result), { signal, progress });
      } catch (error) {
        signal.throwIfAborted();
        if (!target.ignoreError) throw error;
        const message = `Cannot export the cache to ${place.title}: ${messageOf(error)}`;
        this.#board.warn(undefined, message);
      }
    };
    await this.#board.during(vertex, work, signal);
  }

  #exportOf({ mode, compression }: PlaceTarget, result: BuildResult): CacheExport {
    const { store } = this.#session;
    return {
      steps: mode === "max" ? result.steps : stepsOf(result, result.images),
      states: result.states,
      facts: new StoredFacts(store),
      layerBytes: store.layerBytes,
      compression,
    };
  }

  #open(spec: CacheSpec): CachePlace {
    return this.#resources.use(this.#placeOf(spec));
  }

  #placeOf(spec: CacheSpec): CachePlace {
    const { io } = this.#session;
    const platforms = this.#platforms;
    switch (spec.type) {
      case "local": {
        const { path, tag, digest } = spec;
        return new DirectoryPlace({ path: resolve(io.cwd, path), tag, digest });
      }
      case "registry": {
        const reference = parseReference(spec.ref);
        const registry = spec.insecure
          ? this.#insecureRegistry(reference.registry)
          : this.#session.registry;
        return new RegistryPlace({ reference, platforms, registry });
      }
    }
  }

  #insecureRegistry(host: string): () => Promise<RegistryClient> {
    let client: Promise<RegistryClient> | undefined;
    return () =>
      (client ??= openRegistry(this.#session.io.env, [host]).then((opened) =>
        this.#resources.use(opened),
      ));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources[Symbol.asyncDispose]();
  }
}
