import { explainMiss } from "../cache/explain.js";
import { firstChange } from "../cache/first-change.js";
import { parentOf, type StateKey } from "../cache/key.js";
import { notAsked, type Change, type MissReason } from "../cache/reason.js";
import type { StepCache } from "../cache/records.js";
import type { Engine } from "./engine.js";
import { farRun, type StepFacts } from "./record-step.js";
import type { State } from "./state.js";
import type { Task } from "./step-task.js";

/** Why a step that is told apart by its key alone is no hit. */
export function whyMissed(
  task: Pick<Task, "fresh" | "parent" | "place" | "step">,
  { components, identities }: Pick<StepFacts, "components" | "identities">,
  engine: Pick<Engine, "cache" | "far">,
): MissReason {
  const { fresh, parent } = task;
  if (fresh !== undefined) return notAsked(fresh);
  const nearest = engine.cache.nearest(identities) ?? farRun(task, engine);
  return explainMiss(components, nearest, () =>
    stateChange(parent, parentOf(nearest?.components ?? []), engine.cache),
  );
}

/** What made a state another than that of an earlier run. */
export function stateChange(
  state: State,
  before: StateKey | undefined,
  cache: Pick<StepCache, "ancestry">,
): Change {
  return firstChange(state.ancestry, before === undefined ? [] : cache.ancestry(before));
}
