import type { BytePath, DirectoryEntry } from "../oci/changeset.js";
import { fileTypes, type FileStat } from "../sys/file-stat.js";
import { joinPath, type ConfinedDirectory } from "./confined.js";
import { FACTS, hasTimeAsBefore, isAsBefore, sightAt, writeFacts, type Onlooker } from "./look.js";
import type { Retraced } from "./walkable-tree.js";

/** A file that looks another way than it did. */
export interface ChangedFile {
  /** From the root of the tree. */
  readonly path: BytePath;
  /** Where its facts are in the look, in words. */
  readonly at: number;
}

/** A directory as it is now. */
export interface SeenDirectory extends Pick<DirectoryEntry, "mode" | "mtime"> {
  /** What differs from the earlier look. */
  readonly changed: "mode" | "mtime" | undefined;
}

/** Of more files than that, all may be read again as well. */
const MOST = 1000;

/** Compares a look at a tree with an earlier one while it is taken, and throws where names or types differ. */
export class LookAgain implements Onlooker {
  readonly #words: Uint32Array;
  readonly #bytes: Buffer;
  readonly #filesystem: string | undefined;
  readonly #start = Date.now();
  readonly #directories = new Map<BytePath, SeenDirectory>();
  /** Paths of directories that have the names that they had. */
  readonly #known = new Set<BytePath>();
  readonly #files: ChangedFile[] = [];
  #directory = "" as BytePath;
  /** Of the name that is looked at. */
  #nameAt = 0;
  #at = 0;
  #isSame = true;
  #changedBytes = 0;

  /**
   * What differs is taken down in the earlier look; of files only with `update`. `filesystem`: one that tells by the times
   * of a directory whether names came or went.
   */
  constructor(look: Uint32Array, filesystem: string | undefined) {
    this.#words = look;
    this.#bytes = Buffer.from(look.buffer, look.byteOffset, look.byteLength);
    this.#filesystem = filesystem;
  }

  /** Whether all was seen again that was seen then. */
  get isWhole(): boolean {
    return this.#at === this.#words.length;
  }

  /** Whether nothing differs but times of directories. */
  get isSame(): boolean {
    return this.#isSame;
  }

  /** Of all changed files together. */
  get changedBytes(): number {
    return this.#changedBytes;
  }

  /** Files that look another way, in the order of the walk. */
  get changedFiles(): readonly ChangedFile[] {
    return this.#files;
  }

  /** By their paths from the root of the tree. */
  get directories(): ReadonlyMap<BytePath, SeenDirectory> {
    return this.#directories;
  }

  enter(path: BytePath): void {
    this.#meet(path, 0);
    this.#directory = path;
  }

  see(name: BytePath, stat: FileStat): void {
    this.#meet(name, 1);
    this.#compare(stat);
  }

  /** Whether the names in a directory that was seen are those that it had. */
  knows(path: BytePath): boolean {
    return this.#known.has(path);
  }

  /** Sees all that was seen before in the directory that was entered last, which is known, by the names that it had. */
  retrace(directory: ConfinedDirectory, stat: FileStat): Omit<Retraced, "entry"> {
    const words = this.#words;
    const names: BytePath[] = [];
    let [at, all] = [this.#at, 0];
    for (let kind = words[at] ?? 0; kind % 2 === 1; kind = words[at] ?? 0) {
      const length = kind >>> 1;
      if (!stat.lstatBytes(this.#bytes, { at: (at + 1) * 4, length }, directory.fd))
        throw new Error("a name that went");
      this.#nameAt = at;
      at += 1 + Math.ceil(length / 4);
      if (stat.type === fileTypes.directory || !isAsBefore(words, at, stat)) {
        this.#at = at;
        this.#compare(stat);
        if (stat.type === fileTypes.directory) names.push(this.#name);
      }
      at += FACTS;
      all++;
    }
    this.#at = at;
    return { directories: names, others: all - names.length };
  }

  get #name(): BytePath {
    return sightAt(this.#words, this.#nameAt).name;
  }

  #compare(stat: FileStat): void {
    const before = this.#words[this.#at] ?? 0;
    if (((before ^ stat.mode) & fileTypes.mask) !== 0) throw new Error("another type");
    const isSame = isAsBefore(this.#words, this.#at, stat);
    if (stat.type === fileTypes.directory) this.#seeDirectory(stat, isSame);
    else if (!isSame) this.#seeChanged(stat);
    this.#at += FACTS;
  }

  #seeDirectory(stat: FileStat, isSame: boolean): void {
    const path = joinPath(this.#directory, this.#name);
    const isSameMode = this.#words[this.#at] === stat.mode;
    const isSameTime = hasTimeAsBefore(this.#words, this.#at, stat);
    if (!isSameMode) this.#isSame = false;
    this.#directories.set(path, {
      mode: stat.permissions,
      mtime: stat.mtimeSeconds,
      changed: isSameMode ? (isSameTime ? undefined : "mtime") : "mode",
    });
    if (isSame && stat.filesystem === this.#filesystem) this.#known.add(path);
    else this.#known.delete(path);
    if (!isSame) writeFacts(stat, this.#words, this.#at, this.#start);
  }

  #seeChanged(stat: FileStat): void {
    if (this.#files.length === MOST) throw new Error("too many differences");
    this.#files.push({ path: joinPath(this.#directory, this.#name), at: this.#at });
    this.#changedBytes += stat.size;
    this.#isSame = false;
  }

  #meet(text: string, kind: number): void {
    if (this.#words[this.#at] !== text.length * 2 + kind) throw new Error("another name");
    const from = (this.#at + 1) * 4;
    for (let i = 0; i < text.length; i++)
      if (this.#bytes[from + i] !== text.charCodeAt(i)) throw new Error("another name");
    this.#nameAt = this.#at;
    this.#at += 1 + Math.ceil(text.length / 4);
  }

  /** Takes down what is there now. */
  update({ at }: ChangedFile, stat: FileStat): void {
    writeFacts(stat, this.#words, at, this.#start);
  }
}
