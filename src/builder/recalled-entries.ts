import { joinPath, parentOf, pathBelow } from "../context/confined.js";
import type { KnownFiles } from "../context/known-files.js";
import type { KeptSource } from "../context/look-memory.js";
import type { Recalled } from "../context/source-tree.js";
import type { SeenDirectory } from "../context/look-again.js";
import {
  comparePaths,
  type BytePath,
  type Content,
  type DirectoryEntry,
  type Entry,
  type FileEntry,
} from "../oci/changeset.js";
import type { HashedEntries, TreeHasher } from "../snapshotter/tree-digest.js";
import type { Replaced, TextEntries, TreeText } from "../snapshotter/tree-text.js";

/** A directory, or the path of something else. */
export type Outline = DirectoryEntry | { readonly type: "other"; readonly path: BytePath };

/** What a source holds, told from an earlier look at it. An entry is there only while somebody looks at it. */
export class RecalledEntries implements HashedEntries, TextEntries {
  readonly text: TreeText;
  /** What of it was another, as it was then, and which. */
  readonly replaced: Omit<Replaced, "text">;
  readonly #recalled: Recalled;
  readonly #source: KeptSource;

  constructor(recalled: Recalled, source: KeptSource, { text, ...replaced }: Replaced) {
    this.text = text;
    this.replaced = replaced;
    this.#recalled = recalled;
    this.#source = source;
  }

  get length(): number {
    return this.#source.length;
  }

  /** Names what was selected then. */
  get selectedBefore(): string {
    return this.#recalled.before.name;
  }

  hashInto(tree: TreeHasher): void {
    tree.addText(this.text.entries);
  }

  *[Symbol.iterator](): Generator<Entry> {
    let others: KnownFiles | undefined; // who asks for the first entry only need not wait for it
    const files = new Map(this.#recalled.files.map((file) => [file.path, file]));
    const cursor = this.text.cursor();
    while (cursor.next()) {
      const { path, type } = cursor;
      if (type === "directory") yield cursor.entry(this.#timeOf(path));
      else {
        const file = files.get(path);
        yield file ?? cursor.entry((others ??= this.#recalled.others(this.#source.base)).at(path));
      }
    }
  }

  /** The directories, and the paths of what else is in those that are not new. */
  *outline(isNew: (directory: BytePath) => boolean): Generator<Outline> {
    const { text } = this;
    const { length, others } = text;
    for (const [i, number] of others.entries()) {
      const other = text.at(number);
      const { path, type } = other;
      if (type === "directory")
        yield { type, path, ...other.rights(), mtime: this.#timeOf(path).mtime };
      else if (!isNew(parentOf(path))) yield { type: "other", path };
      yield* this.#filesAmong(number + 1, others[i + 1] ?? length, isNew);
    }
  }

  /** The same of some that are all files: in most places there are those of a single directory. */
  *#filesAmong(
    from: number,
    end: number,
    isNew: (directory: BytePath) => boolean,
  ): Generator<Outline> {
    const directoryOf = (number: number): BytePath => parentOf(this.text.at(number).path);
    if (from === end) return;
    const [first, last] = [directoryOf(from), directoryOf(end - 1)];
    if (first === last && isNew(first)) return;
    for (let number = from; number < end; number++) {
      const { path } = this.text.at(number);
      if (!isNew(parentOf(path))) yield { type: "other", path };
    }
  }

  /** In order, those that are not as they were. */
  changed(): readonly (DirectoryEntry | FileEntry)[] {
    const isChanged = ({ changed }: SeenDirectory): boolean => changed !== undefined;
    const entries = changedEntries(this.#recalled, this.#source.base, isChanged);
    if (entries.every(({ type }) => type === "file")) return entries;
    const selected = this.#directories(); // others were looked at, too, for what is included again in them
    return entries.filter(({ type, path }) => type === "file" || selected.has(path));
  }

  #directories(): ReadonlySet<BytePath> {
    const found = new Set<BytePath>();
    for (const number of this.text.others) {
      const { type, path } = this.text.at(number);
      if (type === "directory") found.add(path);
    }
    return found;
  }

  #timeOf(path: BytePath): { readonly mtime: number; readonly content: Content } {
    const seen = this.#recalled.directories.get(joinPath(this.#source.base, path));
    if (seen === undefined) throw new Error(`nobody looked at "${path}"`);
    return { mtime: seen.mtime, content: nothing };
  }
}

const nothing: Content = { kind: "bytes", bytes: new Uint8Array() };

/** Files that changed, and such directories, by their paths below the base, in order. */
export function changedEntries(
  { directories, files }: Recalled,
  base: BytePath,
  wants: (directory: SeenDirectory) => boolean,
): readonly (DirectoryEntry | FileEntry)[] {
  const found: (DirectoryEntry | FileEntry)[] = [...files];
  for (const [path, directory] of directories) {
    if (!wants(directory)) continue;
    const { mode, mtime } = directory;
    found.push({ type: "directory", path: pathBelow(base, path), mode, uid: 0, gid: 0, mtime });
  }
  return found.sort((a, b) => comparePaths(a.path, b.path));
}
