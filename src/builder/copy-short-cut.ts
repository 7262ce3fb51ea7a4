import type { StepLayer } from "../cache/remote-cache.js";
import { copyKey, selectionKey, type SelectionFacts } from "../cache/copy-key.js";
import type { SelectionKey } from "../cache/key.js";
import type { SelectedSource } from "../context/source-tree.js";
import type { CopyStep } from "../plan/step.js";
import { treeDigest } from "../snapshotter/tree-digest.js";
import type { CopyMiss } from "./copy-miss.js";
import type { CopyOrigin } from "./copy-origin.js";
import type { Engine } from "./engine.js";
import { recordedLayer } from "./recorded-layer.js";
import type { Task } from "./step-task.js";

/** The layer that the same selection gave before, else the one that `make` makes. */
export async function byShortCut(
  origin: CopyOrigin,
  task: Task<CopyStep>,
  engine: Engine,
  make: (selected: readonly SelectedSource[], miss: CopyMiss) => Promise<StepLayer>,
): Promise<StepLayer> {
  const short = copyKey(task.step, { origin: origin.key, parent: task.parent.key });
  task.keyed(short);
  const known = await recordedLayer(short.key, task, engine);
  if (known !== undefined) return known;
  const selected = await origin.select();
  const { CopyMiss } = await import("./copy-miss.js");
  const miss = new CopyMiss({ origin, short, selected }, task, engine);
  const layer = await make(selected, miss);
  task.later(miss.record(layer));
  return layer;
}

/** Names what was selected from a directory; `sink` is given what the tree digests hash. */
export async function contentOf(
  selected: readonly SelectedSource[],
  sink?: (text: Uint8Array) => void,
): Promise<SelectionKey> {
  const facts: SelectionFacts[] = [];
  for (const { name, entries, implied } of selected)
    facts.push({ name, tree: await treeDigest(entries, sink), implied: [...implied].sort() });
  return selectionKey(facts);
}
