import { copyKey, selectionKey } from "../cache/key.js";
import type { KeyWithComponents, SelectionFacts, SelectionKey, StateKey } from "../cache/key.js";
import type { SelectedSource } from "../context/source-tree.js";
import type { CopyStep } from "../plan/step.js";
import { treeDigest } from "../snapshotter/tree-digest.js";
import type { LayerRecord } from "../store/layers.js";
import type { Engine } from "./engine.js";
import { recordedLayer } from "./recorded-layer.js";
import type { Task } from "./step-task.js";

/** The layer that the same selection gave before, else the one that `make` makes. */
export async function byShortCut(
  origin: SelectionKey | StateKey,
  task: Task<CopyStep>,
  engine: Engine,
  make: () => Promise<LayerRecord>,
): Promise<LayerRecord> {
  const short = copyKey(task.step, { origin, parent: task.parent.key });
  const known = await recordedLayer(short.key, task, engine);
  if (known !== undefined) return known;
  const layer = await make();
  task.later(keepShortCut(short, layer, { task, engine }));
  return layer;
}

/** Names what was selected from a directory. */
export async function contentOf(selected: readonly SelectedSource[]): Promise<SelectionKey> {
  const facts: SelectionFacts[] = [];
  for (const { name, entries, implied } of selected)
    facts.push({ name, tree: await treeDigest(entries), implied: [...implied].sort() });
  return selectionKey(facts);
}

async function keepShortCut(
  { key, components }: KeyWithComponents,
  { id, tree }: LayerRecord,
  { task, engine }: { readonly task: Task; readonly engine: Engine },
): Promise<void> {
  const { title: stepTitle } = task.step;
  const createdAt = engine.now();
  await engine.cache.put({
    key,
    layer: id,
    tree,
    components,
    identities: [],
    stepTitle,
    createdAt,
  });
}
