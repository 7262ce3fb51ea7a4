import type { StepLayer } from "../cache/far-cache.js";
import type { CacheKey } from "../cache/key.js";
import type { Engine } from "./engine.js";
import { findRecorded } from "./record-step.js";
import type { Task } from "./step-task.js";

/**
 * The layer that was recorded under a key, here or elsewhere: then the step has ended as cached.
 * A fresh step takes only what this build made: the same step in another stage need not run twice.
 */
export async function recordedLayer(
  key: CacheKey,
  task: Task,
  engine: Engine,
): Promise<StepLayer | undefined> {
  const layer = task.fresh ? task.made.get(key) : await lookUp(key, task, engine);
  if (layer !== undefined) engine.board.end(task.vertex, { kind: "cached" });
  return layer;
}

async function lookUp(
  key: CacheKey,
  { signal }: Task,
  engine: Engine,
): Promise<StepLayer | undefined> {
  return (await findRecorded(key, engine)) ?? (await engine.far?.find(key, signal));
}
