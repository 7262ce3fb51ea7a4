import type { CacheKey } from "../cache/key.js";
import type { CacheRecord } from "../cache/records.js";
import type { LayerRecord } from "../store/layers.js";
import type { Engine } from "./engine.js";

/** What a record tells of a step besides its result. */
export type StepFacts = Pick<CacheRecord, "components" | "identities" | "key" | "stepTitle">;

/** Records which layer a step gave; `files` as in `StepCache.put`. */
export function recordStep(
  { id, tree }: LayerRecord,
  facts: StepFacts,
  { cache, now }: Pick<Engine, "cache" | "now">,
  files?: Uint8Array,
): Promise<void> {
  return cache.put({ ...facts, layer: id, tree, createdAt: now() }, files);
}

/** The layer that was recorded under a key, if it is still there. */
export async function findRecorded(
  key: CacheKey,
  { cache, layers }: Pick<Engine, "cache" | "layers">,
): Promise<LayerRecord | undefined> {
  const record = await cache.get(key);
  return record && layers.get(record.layer);
}
