import { comparePaths, type BytePath, type Entry } from "../oci/changeset.js";
import type { FileTree, TreeNode } from "../oci/file-tree.js";
import { sameFile } from "./same-file.js";
import type { LayerChain, Snapshotter } from "./snapshotter.js";

/** A path at which two states differ: added, changed, deleted. */
export interface Difference {
  readonly kind: "A" | "C" | "D";
  readonly path: BytePath;
}

/**
 * What makes `after` of `before`, in order. Directories in which something differs are changed; of a deleted
 * one only itself is told. Times do not count. Looks only where layers that one of them lacks wrote.
 */
export async function compareStates(
  snapshotter: Snapshotter,
  before: LayerChain,
  after: LayerChain,
): Promise<readonly Difference[]> {
  const own = after.findIndex((id, i) => id !== before[i]);
  const common = own < 0 ? Math.min(before.length, after.length) : own;
  const trees = { old: await snapshotter.files(before), young: await snapshotter.files(after) };
  const touched = new Set<BytePath>();
  for (const id of [...before.slice(common), ...after.slice(common)]) {
    await addTouched(snapshotter.changes(id), trees, touched);
  }
  const found = new Map<BytePath, Difference["kind"]>();
  for (const path of [...touched].sort(comparePaths)) {
    const kind = await differenceAt(path, trees);
    const isTold = kind === "D" && parentsOf(path).some((parent) => found.get(parent) === "D");
    if (kind !== undefined && !isTold) found.set(path, kind);
  }
  for (const path of [...found.keys()]) addParents(path, found);
  return [...found]
    .map(([path, kind]) => ({ path, kind }))
    .sort((a, b) => comparePaths(a.path, b.path));
}

interface Trees {
  readonly old: FileTree;
  readonly young: FileTree;
}

async function addTouched(
  changes: AsyncIterable<Entry> | Iterable<Entry>,
  trees: Trees,
  touched: Set<BytePath>,
): Promise<void> {
  for await (const { type, path } of changes) {
    if (path !== "") touched.add(path);
    // what it hides may be there again, or in the other state only
    if (type === "opaque" || type === "whiteout") {
      for (const tree of [trees.old, trees.young]) addBelow(path, tree, touched);
    }
  }
}

function addBelow(path: BytePath, tree: FileTree, touched: Set<BytePath>): void {
  for (const name of tree.names(path)) {
    const inner = (path === "" ? name : `${path}/${name}`) as BytePath;
    touched.add(inner);
    if (tree.lstat(inner)?.entry.type === "directory") addBelow(inner, tree, touched);
  }
}

async function differenceAt(
  path: BytePath,
  { old, young }: Trees,
): Promise<Difference["kind"] | undefined> {
  const [before, after] = [nodeAt(old, path), nodeAt(young, path)];
  if (before === undefined) return after && "A";
  if (after === undefined) return "D";
  return (await sameFile(before.entry, after.entry)) ? undefined : "C";
}

/** Nothing is below what is not a directory. */
function nodeAt(tree: FileTree, path: BytePath): TreeNode | undefined {
  const isDirectory = (parent: BytePath): boolean => tree.lstat(parent)?.entry.type === "directory";
  return parentsOf(path).toReversed().every(isDirectory) ? tree.lstat(path) : undefined;
}

function addParents(path: BytePath, found: Map<BytePath, Difference["kind"]>): void {
  for (const parent of parentsOf(path)) if (!found.has(parent)) found.set(parent, "C");
}

/** The nearest first, without the root. */
function parentsOf(path: BytePath): readonly BytePath[] {
  const parents: BytePath[] = [];
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    parents.push(path.slice(0, end) as BytePath);
  }
  return parents;
}
