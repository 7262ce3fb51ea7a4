import { statSync } from "node:fs";
import { toBytePath, type Entry } from "../../oci/changeset.js";
import type { FileTree } from "../../oci/file-tree.js";
import { treeChanges } from "../tree-changes.js";
import { LayerIndex } from "./layer-index.js";
import { tarFiles } from "./layer-place.js";
import { writeIndex } from "./write-index.js";

/**
 * Writes into a directory the index of all that a state shows, over the tars of its layers, where
 * the contents stay.
 */
export function mergeIndexes(tree: FileTree, layers: readonly string[], directory: string): void {
  const tars = layers.flatMap(tarFiles);
  const numbers = new Map(tars.map((tar, index) => [toBytePath(tar), index + 1]));
  const index = new LayerIndex(tars.length);
  for (const entry of treeChanges(tree)) {
    const { tar, offset } = placeOf(entry);
    const number = tar === undefined ? 1 : numbers.get(tar);
    const isTidy = number !== undefined && index.add(entry, { offset, sha256: undefined }, number);
    if (!isTidy) throw new Error(`"${entry.path}" is not in order`);
  }
  writeIndex(directory, index, ...tars.map((tar) => statSync(tar).size));
}

function placeOf(entry: Entry) {
  return entry.type === "file" && entry.content.kind === "file"
    ? { tar: entry.content.path, offset: entry.content.offset }
    : { tar: undefined, offset: 0 };
}
