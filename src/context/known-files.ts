import type { BytePath, Content } from "../oci/changeset.js";
import { joinPath, nameOf, parentOf } from "./confined.js";
import { factsAt, sightAt } from "./look.js";

/** What a digest does not tell of a file. */
export interface KnownFile {
  readonly mtime: number;
  readonly content: Content;
}

const nothing: Content = { kind: "bytes", bytes: new Uint8Array() };

/** Finds in a look the files that it saw: those in the same directory in the order of their names, each once. */
export class KnownFiles {
  readonly #root: BytePath;
  readonly #base: BytePath;
  readonly #look: Uint32Array;
  /** Where the names of a directory are that were not asked for yet, the next one last. */
  readonly #next = new Map<BytePath, number[]>();

  /** Of paths below `base`, in the tree at `root` on the host. */
  constructor(root: BytePath, base: BytePath, look: Uint32Array) {
    this.#root = root;
    this.#base = base;
    this.#look = look;
    let names: number[] = [];
    for (let at = 0; at < look.length;) {
      const sight = sightAt(look, at);
      if (sight.isEntered) {
        names = this.#next.get(sight.name) ?? [];
        this.#next.set(sight.name, names);
      } else names.push(at);
      at = sight.end;
    }
    for (const places of this.#next.values()) places.reverse();
  }

  at(entryPath: BytePath): KnownFile {
    const path = joinPath(this.#base, entryPath);
    const [names, name] = [this.#next.get(parentOf(path)), nameOf(path)];
    for (let at = names?.pop(); at !== undefined; at = names?.pop()) {
      const sight = sightAt(this.#look, at);
      if (sight.name !== name) continue;
      const { isSocket, mtime, version } = factsAt(this.#look, sight.at);
      const hostPath = joinPath(this.#root, path);
      const content: Content = isSocket
        ? nothing
        : { kind: "file", path: hostPath, offset: 0, version };
      return { mtime, content };
    }
    throw new Error(`nobody looked at "${path}"`);
  }
}
