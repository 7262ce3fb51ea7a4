import { setImmediate } from "node:timers/promises";
import type { StepLayer } from "../cache/remote-cache.js";
import type { MissReason } from "../cache/reason.js";
import type { EntryList } from "../oci/changeset.js";
import type { Step } from "../plan/step.js";
import type { TreeDigest } from "../snapshotter/snapshotter.js";
import { treeDigest } from "../snapshotter/tree-digest.js";
import type { PublishedLayer } from "../store/layers.js";
import { ResourceStack } from "../store/resource-stack.js";
import { draftExactly, type Refusal } from "./draft-exactly.js";
import { EditedDraft, type LastLayer } from "./edited-draft.js";
import type { Engine } from "./engine.js";
import { holding } from "./holding.js";
import { PlacedText } from "./placed-text.js";
import { cacheOf } from "./recorded-layer.js";
import type { Task } from "./step-task.js";

/** A step whose layer is worked out before it is looked for. */
export interface LayerTask<S extends Step = Step> extends Task<S> {
  /** Why there is no layer of that content. */
  readonly explain: (tree: TreeDigest) => MissReason | Promise<MissReason>;
  /** What the same step gave last: it is likely to hold many of the same contents. */
  readonly last?: LastLayer | undefined;
}

/** What a layer is to hold. */
interface Changes {
  readonly entries: EntryList;
  readonly tree: TreeDigest;
  /** Whether all files come with their SHA-256. */
  readonly areHashed: boolean;
  /** Where it may be made from another one. */
  readonly edited: EditedDraft | undefined;
}

/**
 * The layer that holds exactly `changes`: a known one of that content, else a new one. Two steps
 * that need the same new layer: the second waits until the first has it, and in another build until that is recorded.
 */
export async function writeLayer(
  changes: EntryList,
  task: LayerTask,
  engine: Engine,
): Promise<StepLayer> {
  const { layers, snapshots } = engine;
  const { last, signal } = task;
  await using edited =
    changes instanceof PlacedText
      ? new EditedDraft(changes, { layers, snapshots, last, signal })
      : undefined;
  let read = 0;
  const tree = await treeDigest(changes, undefined, () => {
    read++;
  });
  const known = await find(tree, task, engine);
  if (known !== undefined) return known;
  for (;;) {
    const twin = task.fresh === undefined ? engine.underWay.get(tree) : undefined;
    if (twin === undefined) break;
    const layer = await twin.catch(() => undefined); // its own step tells what failed
    if (layer !== undefined) return found(layer, task, engine);
  }
  return await writeFirst({ entries: changes, tree, areHashed: read === 0, edited }, task, engine);
}

/** Others of this build that want the same wait for it until it is there, not until it is recorded. */
async function writeFirst(changes: Changes, task: LayerTask, engine: Engine): Promise<StepLayer> {
  const { tree } = changes;
  const writing = writeAlone(changes, task, engine);
  const layer = writing.then((written) => written.layer);
  engine.underWay.set(tree, layer);
  const forget = (): boolean => engine.underWay.delete(tree);
  void writing.then(({ recorded }) => recorded).then(forget, forget);
  return await layer;
}

interface Written extends Pick<PublishedLayer, "recorded"> {
  readonly layer: StepLayer;
}

async function writeAlone(changes: Changes, task: LayerTask, engine: Engine): Promise<Written> {
  const { tree } = changes;
  const { vertex, signal } = task;
  await using held = new ResourceStack();
  held.use(await engine.lock(`write ${tree}`, signal));
  const meanwhile = await find(tree, task, engine);
  if (meanwhile !== undefined) return { layer: meanwhile, recorded: Promise.resolve() };
  using _place = await engine.jobs.take(signal);
  const began = engine.now();
  engine.board.start(vertex);
  const writing = write(changes, task, engine);
  const beside = workBeside(tree, task, engine);
  await Promise.allSettled([writing, beside]); // neither goes on once this has failed
  const { layer, isNew, recorded } = await writing;
  if (isNew) engine.board.traffic({ written: layer.size });
  task.later(holding(held.move(), recorded));
  await beside;
  engine.board.end(vertex, { kind: "done", took: engine.now() - began });
  return { layer, recorded };
}

/** While the layer is written, which other threads do most of. */
async function workBeside(
  tree: TreeDigest,
  { vertex, explain, getReady }: LayerTask,
  { board }: Engine,
): Promise<void> {
  await setImmediate(); // once that is under way
  getReady();
  board.miss(vertex, await explain(tree));
}

async function find(tree: TreeDigest, task: Task, engine: Engine): Promise<StepLayer | undefined> {
  const { remoteCache, layers } = engine;
  if (task.fresh !== undefined) return undefined;
  const known =
    (await layers.findByTree(tree)) ?? (await remoteCache?.findByTree(tree, task.signal));
  return known && found(known, task, engine);
}

function found(layer: StepLayer, { vertex }: Task, { board }: Engine): StepLayer {
  const { createdAt } = layer;
  const from = { kind: "content", createdAt, importedFrom: cacheOf(layer) } as const;
  board.end(vertex, { kind: "cached", from });
  return layer;
}

async function write(
  { entries, tree, areHashed, edited }: Changes,
  { last, signal }: LayerTask,
  engine: Engine,
): Promise<PublishedLayer> {
  const { layers, snapshots } = engine;
  await using replaced = await edited?.take(tree);
  if (replaced !== undefined) return await layers.publish(replaced, { origin: "built" }, signal);
  const known = last && (await layers.find(last.layer)); // from now on nobody removes it
  const changes = { entries, tree, areHashed, similar: known?.id };
  await using draft = await draftExactly(changes, snapshots, notAll, signal);
  return await layers.publish(draft, { origin: "built" }, signal);
}

const notAll: Refusal = {
  code: "COPY",
  message: "Cannot copy: this machine did not store all that was selected",
};
