import { ifHere, type RemoteCache, type StepLayer } from "../cache/remote-cache.js";
import { stepIdentities } from "../cache/step-identity.js";
import type { CacheKey } from "../cache/key.js";
import type { CacheRecord } from "../cache/records.js";
import type { LayerRecord } from "../store/layers.js";
import type { Engine } from "./engine.js";
import type { Task } from "./step-task.js";

/** What a record tells of a step besides its result. */
export type StepFacts = Pick<
  CacheRecord,
  "bases" | "components" | "identities" | "importedFrom" | "key" | "stepTitle" | "took"
> & {
  /** When the step was run; now unless given. */
  readonly createdAt?: number;
};

/** Records which layer a step gave, unless that is not here; `files` as in `StepCache.put`. */
export async function recordStep(
  layer: StepLayer,
  facts: StepFacts,
  { cache, now }: Pick<Engine, "cache" | "now">,
  files?: Uint8Array,
): Promise<void> {
  const here = ifHere(layer);
  if (here === undefined) return;
  const { id, tree } = here;
  await cache.put({ ...facts, layer: id, tree, createdAt: facts.createdAt ?? now() }, files);
}

/** A record whose layer is there. */
export interface Recorded {
  readonly record: CacheRecord;
  readonly layer: LayerRecord;
}

/** What was recorded under a key, if its layer is still there. */
export async function findRecorded(
  key: CacheKey,
  { cache, layers }: Pick<Engine, "cache" | "layers">,
): Promise<Recorded | undefined> {
  const record = await cache.get(key);
  return record && { record, layer: layers.get(record.layer) };
}

/** The latest run of the same step elsewhere: explains a miss where none is known here. */
export function remoteRun(
  { step, place }: Pick<Task, "place" | "step">,
  { remoteCache }: Pick<Engine, "remoteCache">,
): ReturnType<RemoteCache["nearest"]> {
  return remoteCache?.nearest(stepIdentities(step, { scope: remoteCache.scope, ...place }));
}
