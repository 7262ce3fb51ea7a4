import { joinPath, parentOf } from "../context/confined.js";
import type { SelectedSource } from "../context/source-tree.js";
import type { BytePath, Entry, EntryList } from "../oci/changeset.js";
import { placedEntry, type TreeTarget } from "./placed-entry.js";
import { PlacedText } from "./placed-text.js";
import { RecalledEntries, type Outline } from "./recalled-entries.js";

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
  const isNew = (directory: BytePath): boolean => placement.isNew(joinPath(destination, directory));
  const isRecalled = entries instanceof RecalledEntries;
  for (const entry of isRecalled ? entries.outline(isNew) : outline(entries, isNew)) {
    if (entry.path === "") continue; // the directory itself
    const path = joinPath(destination, entry.path);
    if (entry.type !== "directory") {
      placement.checkFile(path);
      continue;
    }
    const dressed = target.dresser.directory({ ...entry, path });
    if (implied.has(entry.path)) placement.passDirectory(dressed, entry.mode);
    else placement.putDirectory(dressed);
  }
  if (isRecalled) return new PlacedText(above, entries, target);
  return {
    length: above.length + entries.length - 1,
    *[Symbol.iterator](): Generator<Entry> {
      yield* above;
      for (const entry of entries) if (entry.path !== "") yield placedEntry(entry, target);
    },
  };
}

/** As that of `RecalledEntries`. */
function* outline(entries: EntryList, isNew: (directory: BytePath) => boolean): Generator<Outline> {
  let checked = { directory: undefined as BytePath | undefined, isNew: false };
  for (const entry of entries) {
    const { path } = entry;
    if (entry.type === "directory") {
      yield entry;
      continue;
    }
    const directory = parentOf(path);
    if (directory !== checked.directory) checked = { directory, isNew: isNew(directory) };
    if (!checked.isNew) yield { type: "other", path };
  }
}
