import type { EntryList } from "../oci/changeset.js";
import type { TreeDigest } from "../snapshotter/snapshotter.js";
import type { LayerRecord } from "../store/layers.js";
import { draftExactly } from "./draft-exactly.js";
import type { Engine } from "./engine.js";

/** What keeping a layer takes. */
export interface Keeping {
  readonly engine: Pick<Engine, "layers" | "lock" | "snapshots">;
  readonly signal: AbortSignal;
  /** For people: where the files are from. */
  readonly title: string;
}

/** A layer of files that some step is to see: a known one of that content, else a new one. */
export async function keepLayer(
  entries: EntryList,
  tree: TreeDigest,
  { engine, signal, title }: Keeping,
): Promise<LayerRecord> {
  const { layers, snapshots } = engine;
  const known = await layers.findByTree(tree);
  if (known !== undefined) return known;
  await using _lock = await engine.lock(`write ${tree}`, signal);
  const meanwhile = await layers.findByTree(tree);
  if (meanwhile !== undefined) return meanwhile;
  const message = `Cannot use ${title}: this machine did not store all that is in it`;
  const refusal = { code: "CONTEXT", message } as const;
  await using draft = await draftExactly({ entries, tree }, snapshots, refusal, signal);
  return await layers.adopt(draft, { origin: "built" }, signal);
}
