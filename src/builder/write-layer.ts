import type { Entry } from "../oci/changeset.js";
import { treeDigest } from "../snapshotter/tree-digest.js";
import type { LayerRecord } from "../store/layers.js";
import type { Engine } from "./engine.js";
import type { Task } from "./step-task.js";

/**
 * The layer that holds exactly `changes`: a known one of that content, else a new one. Two builds
 * that need the same new layer: the second waits for the first.
 */
export async function writeLayer(
  changes: readonly Entry[],
  { vertex, fresh, signal }: Task,
  { board, jobs, layers, lock, snapshots }: Engine,
): Promise<LayerRecord> {
  const tree = await treeDigest(changes);
  const known = fresh ? undefined : await layers.findByTree(tree);
  if (known !== undefined) {
    board.end(vertex, { kind: "cached" });
    return known;
  }
  await using _lock = await lock(`write ${tree}`, signal);
  const meanwhile = fresh ? undefined : await layers.findByTree(tree);
  if (meanwhile !== undefined) {
    board.end(vertex, { kind: "cached" });
    return meanwhile;
  }
  using _place = await jobs.take(signal);
  board.start(vertex);
  await using draft = await snapshots.ingest(changes, signal);
  const layer = await layers.adopt(draft, { origin: "built" }, signal);
  board.end(vertex, { kind: "done" });
  return layer;
}
