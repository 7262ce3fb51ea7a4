import { joinPath, parentOf } from "../context/confined.js";
import type { SelectedSource } from "../context/source-tree.js";
import type { BytePath, Entry, EntryList } from "../oci/changeset.js";
import type { Dresser } from "./dresser.js";
import { isFile } from "./placed-file.js";
import type { Placement } from "./placement.js";

/** Where a tree is placed, and how its files look there. */
interface TreeTarget {
  readonly placement: Placement;
  /** A directory that is placed already. */
  readonly destination: BytePath;
  readonly dresser: Dresser;
}

/**
 * The layer of a single directory whose contents, and nothing else, go into another one. Its files are not
 * kept a second time, and have no table of names: they are what was selected, under other paths.
 */
export function placeOnlyTree(
  { entries, implied }: Pick<SelectedSource, "entries" | "implied">,
  target: TreeTarget,
): EntryList {
  const { placement, destination } = target;
  const above = placement.entries();
  let checked = { directory: undefined as BytePath | undefined, isNew: false };
  for (const entry of entries) {
    if (entry.path === "") continue; // the directory itself
    if (entry.type === "directory") {
      const path = joinPath(destination, entry.path);
      const dressed = target.dresser.directory({ ...entry, path });
      if (implied.has(entry.path)) placement.passDirectory(dressed, entry.mode);
      else placement.putDirectory(dressed);
      continue;
    }
    const directory = parentOf(entry.path);
    if (directory !== checked.directory)
      checked = { directory, isNew: placement.isNew(joinPath(destination, directory)) };
    if (!checked.isNew) placement.checkFile(joinPath(destination, entry.path));
  }
  return {
    length: above.length + entries.length - 1,
    *[Symbol.iterator](): Generator<Entry> {
      yield* above;
      for (const entry of entries) if (entry.path !== "") yield placed(entry, target);
    },
  };
}

function placed(entry: Entry, { placement, destination, dresser }: TreeTarget): Entry {
  const path = joinPath(destination, entry.path);
  if (entry.type === "directory") return placement.directory(path);
  if (entry.type === "hardlink")
    return dresser.link(entry, path, joinPath(destination, entry.target));
  if (!isFile(entry)) throw new Error(`a source cannot hold a ${entry.type}`);
  return dresser.file(entry, path);
}
