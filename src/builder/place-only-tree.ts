import { joinPath, parentOf } from "../context/confined.js";
import type { SelectedSource } from "../context/source-tree.js";
import type { BytePath, Entry, EntryList } from "../oci/changeset.js";
import { rowsOf } from "../oci/entry-store.js";
import { FileRow } from "../oci/file-row.js";
import { hashEntries, type HashedEntries, type TreeHasher } from "../snapshotter/tree-digest.js";
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
  return new PlacedTree(above, entries, target);
}

/** What is above a tree, and all of the tree where it is placed. */
class PlacedTree implements HashedEntries {
  readonly #above: EntryList;
  readonly #tree: EntryList;
  readonly #target: TreeTarget;

  constructor(above: EntryList, tree: EntryList, target: TreeTarget) {
    this.#above = above;
    this.#tree = tree;
    this.#target = target;
  }

  get length(): number {
    return this.#above.length + this.#tree.length - 1;
  }

  *[Symbol.iterator](): Generator<Entry> {
    yield* this.#above;
    for (const entry of this.#tree) {
      const placed = this.#placed(entry);
      if (placed !== undefined) yield placed;
    }
  }

  async hashInto(tree: TreeHasher, onRead: () => void): Promise<void> {
    for (const entry of this.#above) tree.add(entry, undefined); // directories
    const { destination, dresser } = this.#target;
    await hashEntries(this.#tree, tree, {
      placed: (entry) => this.#placed(entry),
      prefix: destination === "" ? "" : `${destination}/`,
      rights: (of) => dresser.rights(of),
      onRead,
    });
  }

  /** Undefined of the directory itself. */
  #placed(entry: Entry): Entry | undefined {
    return entry.path === "" ? undefined : placedEntry(entry, this.#target);
  }
}

/** As that of `RecalledEntries`. */
function* outline(entries: EntryList, isNew: (directory: BytePath) => boolean): Generator<Outline> {
  let checked = { directory: undefined as BytePath | undefined, isNew: false };
  for (const one of rowsOf(entries)) {
    if (!(one instanceof FileRow) && one.type === "directory") {
      yield one;
      continue;
    }
    const directory = one instanceof FileRow ? one.parent : parentOf(one.path);
    if (directory !== checked.directory) checked = { directory, isNew: isNew(directory) };
    if (!checked.isNew) yield { type: "other", path: one.path };
  }
}
