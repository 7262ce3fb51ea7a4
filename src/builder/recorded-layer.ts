import type { CacheKey } from "../cache/key.js";
import type { LayerRecord } from "../store/layers.js";
import type { Engine } from "./engine.js";
import { findRecorded } from "./record-step.js";
import type { Task } from "./step-task.js";

/**
 * The layer that was recorded under a key, if it is still there: then the step has ended as cached.
 * A fresh step takes only what this build made: the same step in another stage need not run twice.
 */
export async function recordedLayer(
  key: CacheKey,
  task: Task,
  engine: Engine,
): Promise<LayerRecord | undefined> {
  const layer = task.fresh ? task.made.get(key) : await findRecorded(key, engine);
  if (layer !== undefined) engine.board.end(task.vertex, { kind: "cached" });
  return layer;
}
