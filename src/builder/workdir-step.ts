import type { StepLayer } from "../cache/far-cache.js";
import type { WorkdirStep } from "../plan/step.js";
import { askDestination } from "./destination.js";
import type { Engine } from "./engine.js";
import { placeWorkdir } from "./place-copy.js";
import type { Task } from "./step-task.js";
import { writeLayer } from "./write-layer.js";

/** `WORKDIR`: the directories that are missing, owned by the current user; an empty layer if none is. */
export async function workdirStep(task: Task<WorkdirStep>, engine: Engine): Promise<StepLayer> {
  const { path, user } = task.step;
  const changes = await askDestination(task, engine, async ({ rootfs, ids }) =>
    placeWorkdir(path, await ids("owner", user), rootfs),
  );
  return await writeLayer(changes, task, engine);
}
