import type { SelectionKey } from "../cache/key.js";
import type { KeptSource } from "../context/look-memory.js";
import type { Onlooker } from "../context/look.js";
import type { Query, SelectedSource, SourceTree } from "../context/source-tree.js";
import { contentOf } from "./copy-short-cut.js";
import type { Task } from "./step-task.js";

/** What a COPY selects from a directory, and the name of that. */
export interface NamedSelection {
  readonly key: SelectionKey;
  readonly selected: readonly SelectedSource[];
}

/** Looks at all there is, and keeps for the next build how it looks, which ends `later`. */
export async function scanContext(
  tree: SourceTree,
  query: Query,
  later: Task["later"],
): Promise<NamedSelection> {
  using look = tree.looks?.begin(query);
  const selected = await selectAll(tree, query, look);
  const source = onlySource(selected);
  const sink = (text: Uint8Array): void => look?.text(text);
  const key = await contentOf(selected, source && sink);
  if (look !== undefined) later(look.keep(query, { name: key, source }));
  return { key, selected };
}

/** What all patterns of a COPY select, in order. */
export async function selectAll(
  tree: SourceTree,
  { patterns, ...options }: Query,
  onlooker?: Onlooker,
): Promise<readonly SelectedSource[]> {
  const selected: SelectedSource[] = [];
  for (const pattern of patterns)
    selected.push(...(await tree.select(pattern, { ...options, onlooker })));
  return selected;
}

/** A source that can be told from a look; undefined where there are several. */
function onlySource(selected: readonly SelectedSource[]): KeptSource | undefined {
  const [only, ...others] = selected;
  if (only?.base === undefined || others.length > 0) return undefined;
  const { name, path, base, entries, implied } = only;
  return { name, path, base, length: entries.length, implied: [...implied].sort() };
}
