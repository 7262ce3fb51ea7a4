import { openRootfs } from "../context/rootfs.js";
import { resolveUser } from "../exec/users.js";
import type { WorkdirStep } from "../plan/step.js";
import type { LayerRecord } from "../store/layers.js";
import type { Engine } from "./engine.js";
import { placeWorkdir } from "./place-copy.js";
import type { Task } from "./step-task.js";
import { writeLayer } from "./write-layer.js";

/** `WORKDIR`: the directories that are missing, owned by the current user; an empty layer if none is. */
export async function workdirStep(task: Task<WorkdirStep>, engine: Engine): Promise<LayerRecord> {
  const { step, parent, signal } = task;
  const root = await engine.snapshots.view(await parent.chain(signal));
  const owner = await resolveUser(root, step.user);
  return await writeLayer(placeWorkdir(step.path, owner, openRootfs(root)), task, engine);
}
