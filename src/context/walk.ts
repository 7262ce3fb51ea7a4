import { setImmediate } from "node:timers/promises";
import { BuildError } from "../error.js";
import { toText, type BytePath, type Entry } from "../oci/changeset.js";
import { joinPath, nameOf, parentOf, type ConfinedRoot } from "./confined.js";
import { EntryReader, type Place, type Read } from "./entry-reader.js";
import type { LocalTree } from "./local-tree.js";
import { unreadable } from "./unreadable.js";

/** Files between two turns of the event loop: some milliseconds of work. */
const turn = 256;

interface Child {
  readonly read: Read;
  readonly path: BytePath;
  readonly decided: number;
}

/** One look at everything at and below a real path of a tree. */
export class Walk {
  readonly #tree: LocalTree;
  readonly #root: ConfinedRoot;
  readonly #base: BytePath;
  readonly #reader: EntryReader;
  readonly #entries: Entry[] = [];
  /** First path of each file with several names. */
  readonly #firstNames = new Map<string, BytePath>();
  #looked = 0;

  constructor(tree: LocalTree, root: ConfinedRoot, base: BytePath) {
    this.#tree = tree;
    this.#root = root;
    this.#base = base;
    this.#reader = new EntryReader(tree);
  }

  /** The base at "" and what is below; none where there is nothing, or everything is ignored. */
  async run(): Promise<readonly Entry[]> {
    const path = this.#base;
    const decided = this.#tree.ignore?.decide(path) ?? -1;
    const read = await this.#readBase(decided);
    if (read === undefined) return [];
    this.#add(read);
    if (read.entry.type === "directory") await this.#descend(path, decided);
    return this.#entries;
  }

  async #readBase(decided: number): Promise<Read | undefined> {
    const path = this.#base;
    using directory = this.#root.directory(parentOf(path));
    if (directory === undefined) return undefined;
    const entryPath = "" as BytePath;
    return await this.#read({ directory, name: nameOf(path), path, entryPath }, decided);
  }

  async #descend(path: BytePath, decided: number): Promise<void> {
    const before = this.#entries.length;
    for (const child of await this.#children(path, decided)) {
      this.#add(child.read);
      if (child.read.entry.type === "directory") await this.#descend(child.path, child.decided);
    }
    // An ignored directory exists only for the sake of what a later line includes again.
    if (this.#entries.length === before && this.#isIgnored(decided)) this.#entries.pop();
  }

  #add({ entry, inode }: Read): void {
    this.#entries.push(inode === undefined ? entry : this.#linked(entry, inode));
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
  async #children(path: BytePath, parent: number): Promise<readonly Child[]> {
    using directory = this.#root.directory(path);
    if (directory === undefined) throw changedMeanwhile(path);
    const children: Child[] = [];
    for (const name of this.#names(directory, path)) {
      const child = joinPath(path, name);
      const entryPath = this.#entryPath(child);
      const decided = this.#tree.ignore?.decideBelow(child, parent) ?? -1;
      const pending = this.#read({ directory, name, path: child, entryPath }, decided);
      const read = pending instanceof Promise ? await pending : pending;
      if (read !== undefined) children.push({ read, path: child, decided });
      if (++this.#looked % turn === 0) await setImmediate();
    }
    return children;
  }

  #names(directory: Place["directory"], path: BytePath): readonly BytePath[] {
    try {
      return directory.names();
    } catch (error) {
      throw unreadable(toText(path), error);
    }
  }

  #read(place: Place, decided: number): ReturnType<EntryReader["read"]> {
    const ignored = this.#isIgnored(decided);
    if (ignored && this.#tree.ignore?.mayReinclude(place.path, decided) !== true) return undefined;
    try {
      return this.#reader.read(place, ignored ? "directory" : "anything");
    } catch (error) {
      throw unreadable(toText(place.path), error);
    }
  }

  #isIgnored(decided: number): boolean {
    return this.#tree.ignore?.isExcluding(decided) === true;
  }

  #entryPath(path: BytePath): BytePath {
    return (this.#base === "" ? path : path.slice(this.#base.length + 1)) as BytePath;
  }
}

function changedMeanwhile(path: BytePath): BuildError {
  const reason = "it changed while it was being read";
  return new BuildError("CONTEXT", `Cannot read directory "${toText(path)}": ${reason}`);
}
