import type { Changeset, Entry } from "../oci/changeset.js";
import type { Digest } from "../oci/digest.js";
import type { ImageConfig } from "../oci/image.js";
import type { LayerRecord } from "../store/layers.js";
import type { Store } from "../store/store.js";

/** What the times of an image's own part are held to. */
export interface TimeLimit {
  /** Seconds since 1970. */
  readonly epoch: number;
  /** Every time becomes it, earlier ones too: what is copied may be of another age elsewhere. */
  readonly exact: boolean;
}

/** The entries with no mtime beyond the limit. */
async function* clampMtimes(
  changes: Changeset,
  { epoch, exact }: TimeLimit,
): AsyncGenerator<Entry> {
  for await (const entry of changes) {
    if ("mtime" in entry && (exact || entry.mtime > epoch)) yield { ...entry, mtime: epoch };
    else yield entry;
  }
}

/** The config with no time of its own beyond the limit; the first `inherited` lines of history are a base's. */
export function clampConfig(config: ImageConfig, limit: TimeLimit, inherited: number): ImageConfig {
  const { created, history } = config;
  return {
    ...config,
    ...(created === undefined ? {} : { created: limited(created, limit) }),
    ...(history === undefined
      ? {}
      : {
          history: history.map((entry, i) =>
            i < inherited || entry.created === undefined
              ? entry
              : { ...entry, created: limited(entry.created, limit) },
          ),
        }),
  };
}

function limited(time: string, { epoch, exact }: TimeLimit): string {
  const isBeyond = exact || Date.parse(time) > epoch * 1000;
  return isBeyond ? new Date(epoch * 1000).toISOString() : time;
}

/**
 * A layer of the same content with no mtime beyond the limit: a layer of its own, as its DiffID is
 * another one. Which it is is remembered.
 */
export async function clampLayer(
  store: Store,
  record: LayerRecord,
  limit: TimeLimit,
  signal: AbortSignal,
): Promise<LayerRecord> {
  const known = store.database.table<Digest>("clamped-layers");
  const key = `${record.diffId} ${limit.epoch}${limit.exact ? " exact" : ""}`;
  const diffId = known.get(key);
  const found = diffId === undefined ? undefined : await store.layers.findByDiffId(diffId);
  if (found !== undefined) return found;
  const changes = clampMtimes(store.snapshotter.changes(record.id), limit);
  await using draft = await store.snapshotter.ingest(changes, {}, signal);
  const clamped = await store.layers.adopt(draft, { origin: "rewritten" }, signal);
  known.put(key, clamped.diffId);
  return clamped;
}
