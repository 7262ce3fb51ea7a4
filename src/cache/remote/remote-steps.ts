import type { Descriptor } from "../../oci/descriptor.js";
import { Jobs } from "../../store/jobs.js";
import type { RemoteCache, RemoteLayer, RemoteRun } from "../remote-cache.js";
import type { Ancestry, KnownState, StateOrigin } from "../first-change.js";
import type { CacheKey, StateKey } from "../key.js";
import type { RootfsFacts } from "../rootfs-facts.js";
import type { TreeDigest } from "../../snapshotter/snapshotter.js";
import type { LayerRecord } from "../../store/layers.js";
import type { Store } from "../../store/store.js";
import type { FillCache } from "../../store/cache-mount.js";
import type { Display } from "./display.js";
import { mountName } from "./mount-record.js";
import type { CachePlace } from "./place.js";
import {
  REMOTE_SCOPE,
  filesIn,
  stepName,
  treeName,
  type RecordName,
  type RemoteRecord,
} from "./record.js";
import { restoreMount } from "./restore-mount.js";
import { CacheSource } from "./source.js";
import { ImportedLayer, type FetchDeps } from "./imported-layer.js";

/** Layers that are fetched at the same time. */
const PARALLEL = 3;

/** What `RemoteSteps` works with. */
export interface RemoteStepsDeps {
  readonly store: Store;
  readonly board: Display;
}

/** The steps in the places of `--cache-from`, in their order. Nothing is read before a step misses here. */
export class RemoteSteps implements RemoteCache {
  readonly scope = REMOTE_SCOPE;
  readonly #sources: readonly CacheSource[];
  readonly #deps: FetchDeps;
  readonly #layers = new Map<RemoteRecord, ImportedLayer>();

  constructor(places: readonly CachePlace[], { board, store }: RemoteStepsDeps) {
    const downloads = new Jobs(PARALLEL);
    this.#sources = places.map((place) => new CacheSource(place, board));
    this.#deps = { board, store, turn: (signal) => downloads.take(signal) };
  }

  /** Whether the blob of a record was looked for, and not to be had. */
  isLost(blob: Descriptor): boolean {
    return this.#sources.some((source) => source.isLost(blob));
  }

  find(key: CacheKey, signal: AbortSignal): Promise<RemoteLayer | undefined> {
    return this.#find(stepName(key), signal);
  }

  findByTree(tree: TreeDigest, signal: AbortSignal): Promise<RemoteLayer | undefined> {
    return this.#find(treeName(tree), signal);
  }

  async facts(state: StateKey, signal: AbortSignal): Promise<RootfsFacts | undefined> {
    for (const source of this.#sources) {
      const facts = await source.facts(state, signal);
      if (facts !== undefined) return facts;
    }
    return undefined;
  }

  nearest(identities: readonly string[]): RemoteRun | undefined {
    for (const source of this.#sources) {
      const found = source.nearest(identities);
      if (found === undefined) continue;
      const { components, layer } = found;
      return { components, tree: layer.tree, files: filesIn(found) };
    }
    return undefined;
  }

  ancestry(state: StateKey): Ancestry {
    const found: KnownState[] = [];
    for (let key: StateKey | undefined = state; key !== undefined; key = found.at(-1)?.parent) {
      const origin = this.#originOf(key);
      if (origin === undefined) break;
      found.push({ key, ...origin });
    }
    return found;
  }

  async restoreMount(
    { identity }: Parameters<RemoteCache["restoreMount"]>[0],
    fill: FillCache,
    signal: AbortSignal,
  ): Promise<boolean> {
    for (const source of this.#sources) {
      const record = await source.mount(mountName(identity), signal);
      if (record === undefined) continue;
      if (await restoreMount({ record, source, fill }, this.#deps, signal)) return true;
    }
    return false;
  }

  #originOf(state: StateKey): StateOrigin | undefined {
    for (const source of this.#sources) {
      const origin = source.origin(state);
      if (origin !== undefined) return origin;
    }
    return undefined;
  }

  /** The documents first: they are read already. */
  async #find(name: RecordName, signal: AbortSignal): Promise<RemoteLayer | undefined> {
    for (const source of this.#sources) {
      const record = await source.listed(name, signal);
      if (record !== undefined) return await this.#layerOf(record, source);
    }
    for (const source of this.#sources) {
      const record = await source.named(name, signal);
      if (record !== undefined) return await this.#layerOf(record, source);
    }
    return undefined;
  }

  /** A layer of that content may be here, whoever made it. */
  async #layerOf(record: RemoteRecord, source: CacheSource): Promise<RemoteLayer> {
    const { layers } = this.#deps.store;
    const { diffId, tree } = record.layer;
    const here = (await layers.findByDiffId(diffId)) ?? (await layers.findByTree(tree));
    if (here !== undefined) return found(here, record, source);
    const known = this.#layers.get(record);
    if (known !== undefined) return known;
    const layer = new ImportedLayer(record, source, this.#deps);
    this.#layers.set(record, layer);
    return layer;
  }
}

/** Only its record came from elsewhere. */
function found(here: LayerRecord, record: RemoteRecord, { place }: CacheSource): RemoteLayer {
  const { diffId, tree, createdAt } = here;
  const [files, { took }] = [filesIn(record), record];
  const at = { fetch: () => Promise.resolve(here), fetched: () => here };
  return { diffId, tree, createdAt, from: place.title, took, files, ...at };
}
