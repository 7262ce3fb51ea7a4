import type { CacheKey } from "../cache/key.js";
import type { LayerRecord } from "../store/layers.js";
import type { Engine } from "./engine.js";
import type { Task } from "./step-task.js";

/** The layer that was recorded under a key, if it is still there: then the step has ended as cached. */
export async function recordedLayer(
  key: CacheKey,
  { vertex, fresh }: Task,
  { board, cache, layers }: Engine,
): Promise<LayerRecord | undefined> {
  const record = fresh ? undefined : await cache.get(key);
  const layer = record && (await layers.find(record.layer));
  if (layer !== undefined) board.end(vertex, { kind: "cached" });
  return layer;
}
