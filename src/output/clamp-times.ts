import type { Changeset, Entry } from "../oci/changeset.js";
import type { Digest } from "../oci/digest.js";
import type { ImageConfig } from "../oci/image.js";
import type { LayerRecord } from "../store/layers.js";
import type { Store } from "../store/store.js";

/** The entries with no mtime after `epoch`, in seconds. */
export async function* clampMtimes(changes: Changeset, epoch: number): AsyncGenerator<Entry> {
  for await (const entry of changes) {
    if ("mtime" in entry && entry.mtime > epoch) yield { ...entry, mtime: epoch };
    else yield entry;
  }
}

/** The config with no time of its own after `epoch`; the first `inherited` lines of history are a base's. */
export function clampConfig(config: ImageConfig, epoch: number, inherited: number): ImageConfig {
  const { created, history } = config;
  return {
    ...config,
    ...(created === undefined ? {} : { created: earlier(created, epoch) }),
    ...(history === undefined
      ? {}
      : {
          history: history.map((entry, i) =>
            i < inherited || entry.created === undefined
              ? entry
              : { ...entry, created: earlier(entry.created, epoch) },
          ),
        }),
  };
}

function earlier(time: string, epoch: number): string {
  return Date.parse(time) > epoch * 1000 ? new Date(epoch * 1000).toISOString() : time;
}

/**
 * A layer of the same content with no mtime after `epoch`: a layer of its own, as its DiffID is another
 * one. Which it is is remembered.
 */
export async function clampLayer(
  store: Store,
  record: LayerRecord,
  { epoch, signal }: { readonly epoch: number; readonly signal: AbortSignal },
): Promise<LayerRecord> {
  const known = store.database.table<Digest>("clamped-layers");
  const key = `${record.diffId} ${epoch}`;
  const diffId = known.get(key);
  const found = diffId === undefined ? undefined : await store.layers.findByDiffId(diffId);
  if (found !== undefined) return found;
  const changes = clampMtimes(store.snapshotter.changes(record.id), epoch);
  await using draft = await store.snapshotter.ingest(changes, signal);
  const clamped = await store.layers.adopt(draft, { origin: "rewritten" }, signal);
  known.put(key, clamped.diffId);
  return clamped;
}
