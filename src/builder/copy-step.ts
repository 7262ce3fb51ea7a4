import type { SelectedSource, SourceTree } from "../context/source-tree.js";
import { openRootfsTree } from "../context/rootfs-tree.js";
import { openRootfs } from "../context/rootfs.js";
import { resolveOwner } from "../exec/users.js";
import type { CopyStep } from "../plan/step.js";
import type { LayerRecord } from "../store/layers.js";
import type { Engine } from "./engine.js";
import { placeCopy } from "./place-copy.js";
import type { Task } from "./step-task.js";
import { writeLayer } from "./write-layer.js";

/**
 * `COPY` and `ADD`: what the layer would hold is worked out first, and that is its key (docs/adr/0002),
 * so that neither the base nor how the files came to be matters.
 */
export async function copyStep(task: Task<CopyStep>, engine: Engine): Promise<LayerRecord> {
  const { step, parent, signal } = task;
  const selected = await selectSources(task, engine);
  const root = await engine.snapshots.view(await parent.chain(signal));
  const owner = step.chown === undefined ? undefined : await resolveOwner(root, step.chown);
  const changes = await placeCopy(step, selected, {
    rootfs: openRootfs(root),
    owner,
    work: engine.work,
  });
  return await writeLayer(changes, task, engine);
}

async function selectSources(
  { step, sources, vertex, signal }: Task<CopyStep>,
  engine: Engine,
): Promise<readonly SelectedSource[]> {
  if (step.sources.length === 0) return [];
  const tree = await openOrigin(step, sources, engine, signal);
  engine.board.start(vertex);
  const selected: SelectedSource[] = [];
  for (const pattern of step.sources) selected.push(...(await tree.select(pattern)));
  return selected;
}

async function openOrigin(
  { origin }: CopyStep,
  sources: Task["sources"],
  engine: Engine,
  signal: AbortSignal,
): Promise<SourceTree> {
  switch (origin.kind) {
    case "context":
      return await engine.contexts.open(undefined);
    case "named":
      return await engine.contexts.open(origin.name);
    case "stage":
    case "image": {
      const state =
        origin.kind === "stage"
          ? await sources.stage(origin.stage)
          : await sources.image(origin.image);
      return openRootfsTree(await engine.snapshots.view(await state.chain(signal)));
    }
  }
}
