import { joinPath, nameOf, parentOf } from "../context/confined.js";
import type { BytePath, Entry, EntryList, HardlinkEntry } from "../oci/changeset.js";
import { EntryStore } from "../oci/entry-store.js";
import type { File } from "./placed-file.js";

/** Files of a layer in the making, by directory; the same file at several paths is one with several names. */
export class PlacedFiles {
  readonly #store = new EntryStore();
  /** Numbers in the store, by directory and name. */
  readonly #names = new Map<BytePath, Map<BytePath, number>>();
  /** Those with several names. */
  readonly #linked = new Set<number>();

  get isEmpty(): boolean {
    return this.#names.size === 0;
  }

  has(path: BytePath): boolean {
    return this.#number(path) !== undefined;
  }

  get(path: BytePath): File | undefined {
    const number = this.#number(path);
    return number === undefined ? undefined : this.#file(number);
  }

  /** In place of another file. */
  put(path: BytePath, file: File): void {
    this.#set(path, this.#store.add(file));
  }

  /** As `put`, one more name for what is at `target`; false where nothing is. */
  link(path: BytePath, target: BytePath): boolean {
    const number = this.#number(target);
    if (number === undefined) return false;
    this.#linked.add(number);
    this.#set(path, number);
    return true;
  }

  remove(path: BytePath): void {
    this.#names.get(parentOf(path))?.delete(nameOf(path));
  }

  removeBelow(directory: BytePath): void {
    for (const path of this.#names.keys())
      if (path === directory || path.startsWith(`${directory}/`)) this.#names.delete(path);
  }

  /** Them in and between directories, each of which has its parent before it, but for the root. */
  among(directories: ReadonlyMap<BytePath, readonly Entry[]>): EntryList {
    let length = 0;
    for (const entries of directories.values()) length += entries.length;
    for (const names of this.#names.values()) length += names.size;
    return { length, [Symbol.iterator]: () => this.#entries(directories) };
  }

  *#entries(directories: ReadonlyMap<BytePath, readonly Entry[]>): Generator<Entry> {
    const inside = byParent(directories.keys());
    const firstNames = new Map<number, BytePath>();
    const open = [{ path: "" as BytePath, names: this.#sorted("" as BytePath, inside), next: 0 }];
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const name = top.names[top.next++];
      if (name === undefined) {
        open.pop();
        continue;
      }
      const path = joinPath(top.path, name);
      const entries = directories.get(path);
      if (entries === undefined) {
        yield this.#named(path, this.#names.get(top.path)?.get(name), firstNames);
        continue;
      }
      yield* entries;
      open.push({ path, names: this.#sorted(path, inside), next: 0 });
    }
  }

  #sorted(
    directory: BytePath,
    inside: ReadonlyMap<BytePath, readonly BytePath[]>,
  ): readonly BytePath[] {
    const files = this.#names.get(directory)?.keys() ?? [];
    return [...files, ...(inside.get(directory) ?? [])].sort();
  }

  #named(
    path: BytePath,
    number: number | undefined,
    firstNames: Map<number, BytePath>,
  ): File | HardlinkEntry {
    if (number === undefined) throw new Error(`nothing was placed at ${path}`);
    const file = this.#file(number);
    const target = firstNames.get(number);
    if (target !== undefined) {
      const { mode, uid, gid, mtime } = file;
      return { type: "hardlink", path, target, mode, uid, gid, mtime };
    }
    if (this.#linked.has(number)) firstNames.set(number, path);
    return file.path === path ? file : { ...file, path };
  }

  #number(path: BytePath): number | undefined {
    return this.#names.get(parentOf(path))?.get(nameOf(path));
  }

  #file(number: number): File {
    return this.#store.get(number) as File;
  }

  #set(path: BytePath, number: number): void {
    const directory = parentOf(path);
    let names = this.#names.get(directory);
    if (names === undefined) this.#names.set(directory, (names = new Map<BytePath, number>()));
    names.set(detached(nameOf(path)), number);
  }
}

function byParent(paths: Iterable<BytePath>): ReadonlyMap<BytePath, readonly BytePath[]> {
  const inside = new Map<BytePath, BytePath[]>();
  for (const path of paths) {
    const names = inside.get(parentOf(path));
    if (names === undefined) inside.set(parentOf(path), [nameOf(path)]);
    else names.push(nameOf(path));
  }
  return inside;
}

/** A string of its own: a part of another keeps all of that in memory. */
function detached(name: BytePath): BytePath {
  return Buffer.from(name, "latin1").toString("latin1") as BytePath;
}
