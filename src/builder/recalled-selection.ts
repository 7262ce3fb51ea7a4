import { selectionKey } from "../cache/copy-key.js";
import type { SelectionKey } from "../cache/key.js";
import type { KeptSource } from "../context/look-memory.js";
import type { SeenDirectory } from "../context/look-again.js";
import type { Recalled } from "../context/source-tree.js";
import { TreeText, type Replaced } from "../snapshotter/tree-text.js";
import { changedEntries, RecalledEntries } from "./recalled-entries.js";
import type { NamedSelection } from "./scan-context.js";
import type { Task } from "./step-task.js";

/**
 * What is selected now, from an earlier look; where it is another, it is kept for the next build `later`. Undefined
 * where that look does not tell it.
 */
export function recalledSelection(
  recalled: Recalled,
  later: Task["later"],
): NamedSelection | undefined {
  const { source } = recalled.before;
  if (source === undefined) return undefined;
  try {
    const texts = textsOf(recalled, source);
    if (texts === undefined) return undefined;
    const key = keyOf(source, texts.text);
    if (!recalled.isSame) later(recalled.keep(key, texts.text.bytes));
    const entries = new RecalledEntries(recalled, source, texts);
    return { key, selected: [{ ...source, implied: new Set(source.implied), entries }] };
  } catch {
    return undefined; // it was damaged
  }
}

function textsOf(recalled: Recalled, source: KeptSource): Replaced | undefined {
  const bytes = recalled.text();
  const before = bytes && TreeText.parse(bytes, source.length);
  if (before === undefined || keyOf(source, before) !== recalled.before.name) return undefined;
  if (recalled.isSame) return { text: before, before: TreeText.empty(), numbers: [] };
  const isDescribed = ({ changed }: SeenDirectory): boolean => changed === "mode";
  return before.replace(changedEntries(recalled, source.base, isDescribed));
}

function keyOf({ name, implied }: KeptSource, text: TreeText): SelectionKey {
  return selectionKey([{ name, tree: text.digest(), implied }]);
}
