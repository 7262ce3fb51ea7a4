import type { BytePath } from "../oci/changeset.js";
import { fileTypes, type FileStat } from "../sys/file-stat.js";
import { joinPath } from "./confined.js";
import { FACTS, isAsBefore, sightAt } from "./look.js";

/**
 * The names that an earlier look for the same query saw in directories. One that looks as it did then need not be
 * listed: it has these names, and others that do not matter to the query.
 */
export class KnownNames {
  readonly #look: Uint32Array;
  readonly #filesystem: string;
  /** Where the facts of each directory are. */
  readonly #facts = new Map<BytePath, number>();
  /** Where the names in each begin: the look may have come several times, for some of them each time. */
  readonly #names = new Map<BytePath, number[]>();
  readonly #unchanged = new Set<BytePath>();

  /** `filesystem`: one that tells by the times of a directory whether names came or went. */
  constructor(look: Uint32Array, filesystem: string) {
    this.#look = look;
    this.#filesystem = filesystem;
    let directory = "" as BytePath;
    for (let at = 0; at < look.length;) {
      const kind = look[at] ?? 0;
      const facts = at + 1 + Math.ceil((kind >>> 1) / 4);
      if (kind % 2 === 0) {
        directory = sightAt(look, at).name;
        this.#names.set(directory, [...(this.#names.get(directory) ?? []), facts]);
        at = facts;
        continue;
      }
      if (((look[facts] ?? 0) & fileTypes.mask) === fileTypes.directory)
        this.#facts.set(joinPath(directory, sightAt(look, at).name), facts);
      at = facts + FACTS;
    }
  }

  /** Sees a directory as it is now. */
  see(path: BytePath, stat: FileStat): void {
    const at = this.#facts.get(path);
    if (at === undefined || stat.filesystem !== this.#filesystem) return;
    if (isAsBefore(this.#look, at, stat)) this.#unchanged.add(path);
  }

  /** Whether the names in that directory are known. */
  has(path: BytePath): boolean {
    return this.#unchanged.has(path) && this.#names.has(path);
  }

  /** Those of a directory that it has, in the order of their bytes. */
  in(path: BytePath): readonly BytePath[] {
    const [first, ...others] = (this.#names.get(path) ?? []).map((at) => this.#namesFrom(at));
    if (others.length === 0) return first ?? [];
    return [...new Set([first ?? [], ...others].flat())].sort();
  }

  #namesFrom(start: number): readonly BytePath[] {
    const names: BytePath[] = [];
    for (let at = start; (this.#look[at] ?? 0) % 2 === 1;) {
      const { name, end } = sightAt(this.#look, at);
      if (name !== "") names.push(name); // the root of the tree itself
      at = end;
    }
    return names;
  }
}
