import type { StepLayer } from "../cache/remote-cache.js";
import { stepIdentities } from "../cache/step-identity.js";
import { workdirKey } from "../cache/copy-key.js";
import { shownComponents } from "../cache/shown.js";
import type { WorkdirStep } from "../plan/step.js";
import { askDestination } from "./destination.js";
import type { Engine } from "./engine.js";
import { placeWorkdir } from "./place-copy.js";
import { recordStep } from "./record-step.js";
import { recordedLayer } from "./recorded-layer.js";
import type { Task } from "./step-task.js";
import { whyMissed } from "./why-missed.js";
import { writeLayer } from "./write-layer.js";

/** `WORKDIR`: the directories that are missing, owned by the current user; an empty layer if none is. */
export async function workdirStep(task: Task<WorkdirStep>, engine: Engine): Promise<StepLayer> {
  const { step, parent, vertex } = task;
  const { key, components } = workdirKey(step, parent.key);
  task.keyed({ key, components });
  const known = await recordedLayer(key, task, engine);
  if (known !== undefined) return known;
  const { path, user, title: stepTitle } = step;
  const changes = await askDestination(task, engine, async ({ rootfs, ids }) =>
    placeWorkdir(path, await ids("owner", user), rootfs),
  );
  const facts = {
    key,
    components: shownComponents(step, components),
    identities: stepIdentities(step, { scope: engine.scope, ...task.place }),
  };
  const explain = () => whyMissed(task, facts, engine);
  const layer = await writeLayer(changes, { ...task, explain }, engine);
  const took = engine.board.tookOf(vertex);
  const bases = [parent.bottom];
  task.later(recordStep(layer, { ...facts, stepTitle, took, bases }, engine));
  return layer;
}
