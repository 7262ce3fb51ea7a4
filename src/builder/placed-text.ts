import { setImmediate } from "node:timers/promises";
import type { Entry, EntryList } from "../oci/changeset.js";
import type { TreeDigest } from "../snapshotter/snapshotter.js";
import { TreeHasher, type HashedEntries } from "../snapshotter/tree-digest.js";
import { untold, type TreeCursor } from "../snapshotter/tree-text.js";
import { PlacedFileTexts } from "./placed-file-texts.js";
import { placedEntry, type TreeTarget } from "./placed-entry.js";
import type { RecalledEntries } from "./recalled-entries.js";

/** Entries that are hashed at once: while they are, nothing is handed on from thread to thread. */
const PIECE = 1 << 10;

/** The layer of a tree that was recalled. Its digest is made from the text of that. */
export class PlacedText implements HashedEntries {
  readonly #above: EntryList;
  readonly #tree: RecalledEntries;
  readonly #target: TreeTarget;
  readonly #changed: ReturnType<RecalledEntries["changed"]>;
  #before: TreeDigest | undefined;

  constructor(above: EntryList, tree: RecalledEntries, target: TreeTarget) {
    this.#above = above;
    this.#tree = tree;
    this.#target = target;
    this.#changed = tree.changed();
  }

  get length(): number {
    return this.#above.length + this.#tree.length - 1;
  }

  *[Symbol.iterator](): Generator<Entry> {
    yield* this.#above;
    for (const entry of this.#tree) if (entry.path !== "") yield placedEntry(entry, this.#target);
  }

  /** At the same time finds out what the layer of what was selected before is: most of the text is the same. */
  async hashInto(tree: TreeHasher): Promise<void> {
    const before = new TreeHasher();
    const both = [tree, before];
    for (const entry of this.#above) for (const each of both) each.add(entry, undefined);
    const files = new PlacedFileTexts(this.#target, (text) => {
      for (const each of both) each.addText(text);
    });
    const [now, then] = [this.#tree.text.cursor(), this.#tree.before.cursor()];
    let replaced = then.next() ? then.path : undefined;
    while (now.next()) {
      if (now.index % PIECE === 0) await setImmediate();
      const isReplaced = replaced !== undefined && now.isAt(replaced);
      if (!isReplaced && now.isFile && files.add(now)) continue;
      if (now.pathFrom < now.pathEnd) {
        files.flush();
        this.#hash(now, tree);
        this.#hash(isReplaced ? then : now, before);
      }
      if (isReplaced) replaced = then.next() ? then.path : undefined;
    }
    files.flush();
    this.#before = before.digest();
  }

  /** Names what was selected before. */
  get selectedBefore(): string {
    return this.#tree.selectedBefore;
  }

  /** Of the layer of that, in the same place; once this one was digested. */
  get before(): TreeDigest | undefined {
    return this.#before;
  }

  /** In order, what differs from that layer, which has the same paths. */
  edited(): readonly Entry[] {
    const changed = this.#changed.filter(({ path }) => path !== "");
    const placed = changed.map((entry) => placedEntry(entry, this.#target));
    return [...this.#above, ...placed];
  }

  #hash(cursor: TreeCursor, tree: TreeHasher): void {
    const entry = placedEntry(cursor.entry(untold), this.#target);
    tree.add(entry, entry.type === "file" ? entry.sha256 : undefined);
  }
}
