import type { Node } from "./outcome.js";

/** One member of a layer's tar. */
export type LayerEntry =
  | { readonly path: string; readonly node: Node }
  | { readonly path: string; readonly hardlink: string };

/** Applies a layer to the tree below it (image-spec, layer.md): first what it hides, then what it brings. */
export function addLayer(tree: Map<string, Node>, entries: readonly LayerEntry[]): void {
  for (const { path } of entries) hide(tree, path);
  for (const entry of entries) {
    if (isWhiteout(entry.path)) continue;
    const node = "node" in entry ? entry.node : tree.get(entry.hardlink);
    if (node === undefined) throw new Error(`Cannot find what "${entry.path}" is linked to`);
    if (node.type !== "directory") removeBelow(tree, entry.path);
    tree.set(entry.path, node);
  }
}

function hide(tree: Map<string, Node>, path: string): void {
  if (!isWhiteout(path)) return;
  const slash = path.lastIndexOf("/") + 1;
  const parent = path.slice(0, slash);
  const name = path.slice(slash + ".wh.".length);
  if (name === ".wh..opq") {
    removeBelow(tree, parent.slice(0, -1));
    return;
  }
  tree.delete(parent + name);
  removeBelow(tree, parent + name);
}

function isWhiteout(path: string): boolean {
  return path.slice(path.lastIndexOf("/") + 1).startsWith(".wh.");
}

function removeBelow(tree: Map<string, Node>, directory: string): void {
  const prefix = directory === "" ? "" : `${directory}/`;
  for (const path of tree.keys()) if (path !== "" && path.startsWith(prefix)) tree.delete(path);
}
