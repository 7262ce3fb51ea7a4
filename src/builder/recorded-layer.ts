import type { StepLayer } from "../cache/remote-cache.js";
import type { HitSource } from "../cache/hit.js";
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
  const found = task.fresh === undefined ? await lookUp(key, task, engine) : lookAround(key, task);
  if (found === undefined) return undefined;
  engine.board.end(task.vertex, { kind: "cached", from: found.from });
  return found.layer;
}

/** A result that need not be made, and where it is from. */
interface Found {
  readonly layer: StepLayer;
  readonly from: HitSource;
}

function lookAround(key: CacheKey, { made }: Task): Found | undefined {
  const layer = made.get(key);
  return layer && { layer, from: { kind: "build", createdAt: layer.createdAt } };
}

async function lookUp(
  key: CacheKey,
  { step, signal }: Task,
  engine: Engine,
): Promise<Found | undefined> {
  const here = await findRecorded(key, engine);
  if (here !== undefined) {
    const { createdAt, stepTitle, took, importedFrom } = here.record;
    const from = { kind: "record", createdAt, step: stepTitle, took, importedFrom } as const;
    return { layer: here.layer, from };
  }
  const layer = await engine.remoteCache?.find(key, signal);
  if (layer === undefined) return undefined;
  const { createdAt, took } = layer;
  const importedFrom = cacheOf(layer);
  return { layer, from: { kind: "record", createdAt, step: step.title, took, importedFrom } };
}

/** Of a layer of elsewhere: the cache that it is in. */
export function cacheOf(layer: StepLayer): string | undefined {
  return "fetch" in layer ? (layer.from ?? "another machine") : undefined;
}
