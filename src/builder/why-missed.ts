import { explainMiss, type EarlierRun } from "../cache/explain.js";
import { firstChange } from "../cache/first-change.js";
import { parentOf, type StateKey } from "../cache/key.js";
import { notAsked, type Change, type MissReason } from "../cache/reason.js";
import type { Engine } from "./engine.js";
import { remoteRun, type StepFacts } from "./record-step.js";
import type { State } from "./state.js";
import type { Task } from "./step-task.js";

/** Why a step that is told apart by its key alone is not a hit. */
export function whyMissed(
  task: Pick<Task, "fresh" | "parent" | "place" | "step">,
  { components, identities }: Pick<StepFacts, "components" | "identities">,
  engine: Pick<Engine, "cache" | "remoteCache">,
): MissReason {
  const { fresh, parent } = task;
  if (fresh !== undefined) return notAsked(fresh);
  const here = engine.cache.earlier(identities);
  const there = here.length > 0 ? undefined : remoteRun(task, engine);
  const earlier: readonly EarlierRun[] = there === undefined ? here : [there];
  return explainMiss(components, earlier, (run) =>
    stateChange(parent, parentOf(run.components), engine),
  );
}

/** What made a state another than that of an earlier run, here or elsewhere. */
export function stateChange(
  state: State,
  before: StateKey | undefined,
  { cache, remoteCache }: Pick<Engine, "cache" | "remoteCache">,
): Change {
  if (before === undefined) return firstChange(state.ancestry, []);
  const here = cache.ancestry(before);
  return firstChange(
    state.ancestry,
    here.length > 0 ? here : (remoteCache?.ancestry(before) ?? []),
  );
}
