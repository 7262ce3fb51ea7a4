import type { Digest } from "../oci/digest.js";
import type { TreeDigest } from "../snapshotter/snapshotter.js";
import type { CacheMountRequest, FillCache } from "../store/cache-mount.js";
import type { LayerRecord } from "../store/layers.js";
import type { Ancestry } from "./first-change.js";
import type { CacheKey, StateKey } from "./key.js";
import type { CacheRecord } from "./records.js";
import type { RootfsFacts } from "./rootfs-facts.js";

/** A layer that another machine made: known by what it holds, fetched when somebody needs its files. */
export interface RemoteLayer {
  readonly diffId: Digest;
  readonly tree: TreeDigest;
  /** Milliseconds since the epoch: when it was first made. */
  readonly createdAt: number;
  /** The cache that it is in, for people; undefined where that has no name. */
  readonly from?: string | undefined;
  /** How long its step took, in milliseconds; undefined where nobody knows. */
  readonly took?: number | undefined;
  /** What a COPY selected (`packFacts`); undefined where that is not told. */
  readonly files?: Uint8Array | undefined;
  /** Brings it here. Throws LostLayer where that cannot be; the cache then never names it again. */
  readonly fetch: (signal: AbortSignal) => Promise<LayerRecord>;
  /** What became of `fetch`; undefined while nobody needed it. */
  readonly fetched: () => LayerRecord | undefined;
}

/** A layer of a step, wherever it is. */
export type StepLayer = RemoteLayer | LayerRecord;

/** A step that another machine has run. */
export interface RemoteRun extends Pick<CacheRecord, "components" | "tree"> {
  /** As those of a `RemoteLayer`. */
  readonly files: Uint8Array | undefined;
}

/** The steps that other machines have run. What fails in it is not a hit, and never fails a build. */
export interface RemoteCache {
  /** In the place of a Dockerfile's path, which differs from machine to machine. */
  readonly scope: string;
  /** The layer that a step of this key gave. */
  find(key: CacheKey, signal: AbortSignal): Promise<RemoteLayer | undefined>;
  /** A layer of that content. */
  findByTree(tree: TreeDigest, signal: AbortSignal): Promise<RemoteLayer | undefined>;
  /** What steps have asked about a root filesystem, with the answers. */
  facts(state: StateKey, signal: AbortSignal): Promise<RootfsFacts | undefined>;
  /** The latest run of the same step, by the first of these identities that is known. */
  nearest(identities: readonly string[]): RemoteRun | undefined;
  /** What led to a state elsewhere, as far as that is known. */
  ancestry(state: StateKey): Ancestry;
  /** Fills a new cache mount with what another machine exported of it; false where that cannot be. */
  restoreMount(
    mount: Pick<CacheMountRequest, "id" | "identity">,
    fill: FillCache,
    signal: AbortSignal,
  ): Promise<boolean>;
}

/** A layer that counted as a hit cannot be had after all: what was built upon it has to be built again. */
export class LostLayer extends Error {
  override readonly name = "LostLayer";
}

/** The layer on this machine. */
export async function layerHere(layer: StepLayer, signal: AbortSignal): Promise<LayerRecord> {
  return "fetch" in layer ? await layer.fetch(signal) : layer;
}

/** The layer, if it is on this machine already. */
export function ifHere(layer: StepLayer): LayerRecord | undefined {
  return "fetch" in layer ? layer.fetched() : layer;
}
