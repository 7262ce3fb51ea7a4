import type { EntryList } from "../oci/changeset.js";
import type { TreeDigest } from "../snapshotter/snapshotter.js";
import type { LayerRecord } from "../store/layers.js";
import type { Engine } from "./engine.js";

/** A layer of files that some step is to see: a known one of that content, else a new one. */
export async function keepLayer(
  entries: EntryList,
  tree: TreeDigest,
  { engine, signal }: { readonly engine: Engine; readonly signal: AbortSignal },
): Promise<LayerRecord> {
  const { layers, snapshots } = engine;
  const known = await layers.findByTree(tree);
  if (known !== undefined) return known;
  await using _lock = await engine.lock(`write ${tree}`, signal);
  const meanwhile = await layers.findByTree(tree);
  if (meanwhile !== undefined) return meanwhile;
  await using draft = await snapshots.ingest(entries, signal);
  return await layers.adopt(draft, { origin: "built" }, signal);
}
