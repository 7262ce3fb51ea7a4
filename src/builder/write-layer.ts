import type { StepLayer } from "../cache/far-cache.js";
import type { MissReason } from "../cache/reason.js";
import type { EntryList } from "../oci/changeset.js";
import type { Step } from "../plan/step.js";
import type { LayerId, TreeDigest } from "../snapshotter/snapshotter.js";
import { treeDigest } from "../snapshotter/tree-digest.js";
import type { PublishedLayer } from "../store/layers.js";
import { ResourceStack } from "../store/resource-stack.js";
import { draftExactly, type Refusal } from "./draft-exactly.js";
import type { Engine } from "./engine.js";
import { holding } from "./holding.js";
import { cacheOf } from "./recorded-layer.js";
import type { Task } from "./step-task.js";

/** A step whose layer is worked out before it is looked for. */
export interface LayerTask<S extends Step = Step> extends Task<S> {
  /** Why there is no layer of that content. */
  readonly explain: (tree: TreeDigest) => MissReason | Promise<MissReason>;
  /** A layer that is likely to hold many of the same contents; it may be gone. */
  readonly similar?: LayerId | undefined;
}

/**
 * The layer that holds exactly `changes`: a known one of that content, else a new one. Two builds
 * that need the same new layer: the second waits for the first.
 */
export async function writeLayer(
  changes: EntryList,
  task: LayerTask,
  engine: Engine,
): Promise<StepLayer> {
  const { vertex, explain, signal } = task;
  const tree = await treeDigest(changes);
  const known = await find(tree, task, engine);
  if (known !== undefined) return known;
  await using held = new ResourceStack();
  held.use(await engine.lock(`write ${tree}`, signal));
  const meanwhile = await find(tree, task, engine);
  if (meanwhile !== undefined) return meanwhile;
  using _place = await engine.jobs.take(signal);
  const began = engine.now();
  engine.board.start(vertex);
  task.getReady();
  engine.board.miss(vertex, await explain(tree));
  const { layer, isNew, recorded } = await write(changes, tree, task, engine);
  if (isNew) engine.board.traffic({ written: layer.size });
  task.later(holding(held.move(), recorded));
  engine.board.end(vertex, { kind: "done", took: engine.now() - began });
  return layer;
}

async function find(
  tree: TreeDigest,
  { vertex, fresh, signal }: Task,
  { board, far, layers }: Engine,
): Promise<StepLayer | undefined> {
  if (fresh !== undefined) return undefined;
  const known = (await layers.findByTree(tree)) ?? (await far?.findByTree(tree, signal));
  if (known !== undefined) {
    const { createdAt } = known;
    const from = { kind: "content", createdAt, importedFrom: cacheOf(known) } as const;
    board.end(vertex, { kind: "cached", from });
  }
  return known;
}

async function write(
  entries: EntryList,
  tree: TreeDigest,
  { similar, signal }: LayerTask,
  { layers, snapshots }: Engine,
): Promise<PublishedLayer> {
  const known = similar && (await layers.find(similar)); // from now on nobody removes it
  const changes = { entries, tree, similar: known?.id };
  await using draft = await draftExactly(changes, snapshots, notAll, signal);
  return await layers.publish(draft, { origin: "built" }, signal);
}

const notAll: Refusal = {
  code: "COPY",
  message: "Cannot copy: this machine did not store all that was selected",
};
