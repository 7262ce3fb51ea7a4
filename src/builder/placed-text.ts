import { setImmediate } from "node:timers/promises";
import type { Entry, EntryList } from "../oci/changeset.js";
import type { TreeDigest } from "../snapshotter/snapshotter.js";
import { digestOf, type HashedEntries, type TreeHasher } from "../snapshotter/tree-digest.js";
import { untold, type TreeCursor, type TreeText } from "../snapshotter/tree-text.js";
import { placedEntry, type TreeTarget } from "./placed-entry.js";
import { PlacedTexts } from "./placed-texts.js";
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
    const { text, replaced } = this.#tree;
    let before: TreeHasher | undefined;
    const texts = new PlacedTexts(this.#target, (placed) => {
      tree.addText(placed);
      before?.addText(placed);
    });
    for (const entry of this.#above) tree.add(entry, undefined);
    let next = 1; // not the directory itself
    for (const [i, number] of replaced.numbers.entries()) {
      if (number === 0) continue;
      await addPieces(texts, text, next, number);
      texts.flush();
      before ??= tree.fork();
      this.#hash(text.at(number), tree);
      this.#hash(replaced.before.at(i), before);
      next = number + 1;
    }
    await addPieces(texts, text, next, text.length);
    texts.flush();
    this.#before = (before ?? tree.fork()).digest();
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
    tree.add(entry, digestOf(entry));
  }
}

async function addPieces(
  texts: PlacedTexts,
  text: TreeText,
  from: number,
  end: number,
): Promise<void> {
  for (let next = from; next < end; next += PIECE) {
    texts.add(text, next, Math.min(end, next + PIECE));
    await setImmediate();
  }
}
