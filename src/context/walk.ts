import { setImmediate } from "node:timers/promises";
import { BuildError } from "../error.js";
import { toText, type BytePath, type Entry, type EntryList } from "../oci/changeset.js";
import { EntryStore, StoredEntries } from "../oci/entry-store.js";
import { joinPath, nameOf, parentOf, pathBelow } from "./confined.js";
import type { Read } from "./entry-reader.js";
import { uncounted, type Counted, type PathRules } from "./path-rules.js";
import { unreadable } from "./unreadable.js";
import type { NamedPath, OpenDirectory, Retraced, WalkableTree } from "./walkable-tree.js";

/** Files between two turns of the event loop: some milliseconds of work. */
const turn = 256;

/** What rules say about a path: the tree's own, and each filter. */
interface Decided {
  readonly ignore: Counted;
  readonly filters: readonly Counted[];
}

/** What there is more to do about: a directory, or a file with several names. */
interface Pending extends Decided {
  readonly read: Read;
  readonly path: BytePath;
}

/** What is at and below a path. */
export interface Walked {
  /** That path, without links on the way. */
  readonly base: BytePath;
  readonly entries: EntryList;
  /** Directories that a filter leaves out, but not all that is in them. */
  readonly implied: ReadonlySet<BytePath>;
}

interface Place extends NamedPath {
  readonly directory: OpenDirectory;
}

const undecided: readonly Counted[] = [];

/** One look at everything at and below a real path of a tree. */
export class Walk {
  readonly #tree: WalkableTree;
  readonly #base: BytePath;
  /** Rules besides the tree's own, about paths relative to the base. */
  readonly #filters: readonly PathRules[];
  readonly #store = new EntryStore();
  /** Their numbers, in order: a directory is read as a whole before those in it. */
  readonly #entries: number[] = [];
  readonly #implied = new Set<BytePath>();
  /** First path of each file with several names. */
  readonly #firstNames = new Map<string, BytePath>();
  /** Since the last turn. */
  #looked = 0;

  constructor(tree: WalkableTree, base: BytePath, filters: readonly PathRules[] = []) {
    this.#tree = tree;
    this.#base = base;
    this.#filters = filters;
  }

  /** The base at "" and what is below; none where there is nothing, or everything is ignored. */
  async run(): Promise<Walked> {
    const path = this.#base;
    const ignore = this.#tree.ignore?.decide(path) ?? uncounted;
    const decided = { ignore, filters: this.#filters.map(() => uncounted) };
    const read = await this.#readBase(decided);
    if (read !== undefined) {
      this.#add(read);
      if (read.entry.type === "directory") await this.#descend(path, decided);
    }
    const entries = new StoredEntries(this.#store, this.#entries);
    return { base: path, entries, implied: this.#implied };
  }

  async #readBase(decided: Decided): Promise<Read | undefined> {
    const path = this.#base;
    using directory = this.#open(parentOf(path));
    if (directory === undefined) return undefined;
    const entryPath = "" as BytePath;
    return await this.#read({ directory, name: nameOf(path), path, entryPath }, decided);
  }

  async #descend(path: BytePath, decided: Decided): Promise<void> {
    const before = this.#entries.length;
    const children = await this.#children(path, decided);
    this.#tree.foresee?.(directoriesAmong(children));
    for (const child of children) {
      if (typeof child === "number") this.#entries.push(child);
      else await this.#addPending(child);
    }
    // A directory that is left out exists only for the sake of what a later line includes again.
    if (!this.#isLeftOut(decided)) return;
    if (this.#entries.length === before) this.#entries.pop();
    else if (this.#isFiltered(decided)) this.#implied.add(this.#entryPath(path));
  }

  async #addPending(child: Pending): Promise<void> {
    this.#add(child.read);
    if (child.read.entry.type === "directory") await this.#descend(child.path, child);
  }

  #add(read: Read): void {
    this.#entries.push(this.#keep(read));
  }

  #keep({ entry, inode, late }: Read): number {
    const number = this.#store.add(inode === undefined ? entry : this.#linked(entry, inode));
    late?.keptIn(this.#store, number);
    return number;
  }

  /** A hardlink in place of a file that came before under another name. */
  #linked(entry: Entry, inode: string): Entry {
    if (entry.type !== "file") return entry;
    const { path, mode, uid, gid, mtime } = entry;
    const target = this.#firstNames.get(inode);
    if (target !== undefined) return { type: "hardlink", path, target, mode, uid, gid, mtime };
    this.#firstNames.set(inode, path);
    return entry;
  }

  /**
   * Looks at everything in one directory while it is open, and closes it before those in it are
   * opened: a deep tree takes no more descriptors than a flat one.
   */
  async #children(path: BytePath, parent: Decided): Promise<readonly (Pending | number)[]> {
    using directory = this.#open(path);
    if (directory === undefined) throw changedMeanwhile(path);
    const retraced = directory.retrace?.();
    if (retraced !== undefined) {
      if (this.#isTurn(retraced.others / 4)) await setImmediate(); // they take as much less time
      return this.#retraced(retraced, path, parent);
    }
    const children: (Pending | number)[] = [];
    for (const name of this.#names(directory, path)) {
      const child = joinPath(path, name);
      const entryPath = this.#entryPath(child);
      const decided = this.#decide(child, entryPath, parent);
      const pending = this.#read({ directory, name, path: child, entryPath }, decided);
      const read = pending instanceof Promise ? await pending : pending;
      if (read?.inode !== undefined || read?.entry.type === "directory") {
        children.push({ read, path: child, ...decided });
      } else if (read !== undefined) children.push(this.#keep(read));
      if (this.#isTurn(1)) await setImmediate();
    }
    return children;
  }

  /** One entry stands for all: they are only counted. */
  #retraced(
    { directories, others, entry }: Retraced,
    path: BytePath,
    parent: Decided,
  ): readonly (Pending | number)[] {
    const read: Read = { entry, inode: undefined };
    const children = new Array<Pending | number>(others).fill(this.#keep(read));
    for (const name of directories) {
      const child = joinPath(path, name);
      children.push({ read, path: child, ...this.#decide(child, this.#entryPath(child), parent) });
    }
    return children;
  }

  /** Whether it is time for others, when so many more files were looked at. */
  #isTurn(files: number): boolean {
    this.#looked += files;
    if (this.#looked < turn) return false;
    this.#looked = 0;
    return true;
  }

  #open(path: BytePath): OpenDirectory | undefined {
    try {
      return this.#tree.open(path);
    } catch (error) {
      throw unreadable(toText(path), error);
    }
  }

  #names(directory: OpenDirectory, path: BytePath): readonly BytePath[] {
    try {
      return directory.names();
    } catch (error) {
      throw unreadable(toText(path), error);
    }
  }

  #decide(path: BytePath, entryPath: BytePath, parent: Decided): Decided {
    const ignore = this.#tree.ignore?.decideBelow(path, parent.ignore) ?? uncounted;
    return { ignore, filters: this.#filter(entryPath, parent) };
  }

  #filter(path: BytePath, parent: Decided): readonly Counted[] {
    if (this.#filters.length === 0) return undecided;
    return this.#filters.map((rules, i) => {
      return rules.decideBelow(path, parent.filters[i] ?? uncounted);
    });
  }

  #read(place: Place, decided: Decided): ReturnType<OpenDirectory["read"]> {
    const leftOut = this.#isLeftOut(decided);
    if (leftOut && !this.#mayHoldMore(place, decided)) return undefined;
    try {
      const read = place.directory.read(place, leftOut ? "directory" : "anything");
      return read instanceof Promise ? namingPath(place.path, read) : read;
    } catch (error) {
      throw unreadable(toText(place.path), error);
    }
  }

  #isLeftOut(decided: Decided): boolean {
    return this.#tree.ignore?.isExcluding(decided.ignore) === true || this.#isFiltered(decided);
  }

  #isFiltered({ filters }: Decided): boolean {
    return filters.some((counted, i) => this.#filters[i]?.isExcluding(counted) === true);
  }

  /** Whether something in a directory that is left out may be included again. */
  #mayHoldMore({ path, entryPath }: Place, { ignore, filters }: Decided): boolean {
    return (
      mayReinclude(this.#tree.ignore, path, ignore) &&
      filters.every((counted, i) => mayReinclude(this.#filters[i], entryPath, counted))
    );
  }

  #entryPath(path: BytePath): BytePath {
    return pathBelow(this.#base, path);
  }
}

function directoriesAmong(children: readonly (Pending | number)[]): readonly BytePath[] {
  const paths: BytePath[] = [];
  for (const child of children)
    if (typeof child !== "number" && child.read.entry.type === "directory") paths.push(child.path);
  return paths;
}

async function namingPath(path: BytePath, read: Promise<Read>): Promise<Read> {
  try {
    return await read;
  } catch (error) {
    throw unreadable(toText(path), error);
  }
}

function mayReinclude(rules: PathRules | undefined, path: BytePath, counted: Counted): boolean {
  return rules?.isExcluding(counted) !== true || rules.mayReinclude(path, counted);
}

function changedMeanwhile(path: BytePath): BuildError {
  const reason = "it changed while it was being read";
  return new BuildError("CONTEXT", `Cannot read directory "${toText(path)}": ${reason}`);
}
