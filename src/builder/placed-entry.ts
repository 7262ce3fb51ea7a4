import { joinPath } from "../context/confined.js";
import type { BytePath, Entry } from "../oci/changeset.js";
import type { Described } from "../snapshotter/tree-digest.js";
import type { Dresser } from "./dresser.js";
import { isFile } from "./placed-file.js";
import type { Placement } from "./placement.js";

/** Where a tree is placed, and how its files look there. */
export interface TreeTarget {
  readonly placement: Placement;
  /** A directory that is placed already. */
  readonly destination: BytePath;
  readonly dresser: Dresser;
}

/** What an entry of the tree is in the layer; its directories are placed already. */
export function placedEntry(
  entry: Entry,
  { placement, destination, dresser }: TreeTarget,
): Described {
  const path = joinPath(destination, entry.path);
  if (entry.type === "directory") return placement.directory(path);
  if (entry.type === "hardlink")
    return dresser.link(entry, path, joinPath(destination, entry.target));
  if (!isFile(entry)) throw new Error(`a source cannot hold a ${entry.type}`);
  return dresser.file(entry, path);
}
