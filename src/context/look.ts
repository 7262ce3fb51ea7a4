import type { BytePath, DirectoryEntry, FileVersion } from "../oci/changeset.js";
import { fileTypes, type FileStat } from "../sys/file-stat.js";
import { joinPath } from "./confined.js";
import { tickOf } from "./tick.js";

/** Told what is looked at, in the order of the walk. */
export interface Onlooker {
  /** Goes into a directory; what follows is in there. */
  enter(path: BytePath): void;
  /** Sees what has that name. */
  see(name: BytePath, stat: FileStat): void;
}

/** In struct statx: mode, ctime, and mtime as seconds in two words; in what is kept, where the same ctime is. */
const modeWord = 7;
const changeSeconds = 24;
const timeWords = [28, 29] as const;
/** Of all but directories: inode and size; ctime, mtime, and the numbers of the device. */
const otherWords = [8, 9, 10, 11, 24, 25, 26, 28, 29, 30, 32, 33, 34, 35] as const;
const keptChange = [4, 5, 6] as const;

/** Seconds after which a change is surely no longer in the same tick of a clock. */
const RECENT = 3;

/** What is handed on at once. */
const BATCH = 1 << 16;
/** Bytes that are there from the beginning: of a thousand COPY steps most look at one file. */
const FIRST = 1 << 11;
/** The most that one name or path takes, which the kernel limits, with what comes before it. */
const LARGEST = 1 << 13;
/** More than what is kept of a file besides its name. */
const FIELDS = 128;

/**
 * Writes down a look at a tree of the host: names and stat data, by which the file index, too, knows files. Of
 * directories names, modes and times are kept; their times never count, because they change with what is ignored, too.
 */
export class LookWriter implements Onlooker {
  readonly #sink: (bytes: Uint8Array) => void;
  readonly #start = Date.now();
  #words = new Uint32Array(FIRST / 4);
  #bytes = Buffer.from(this.#words.buffer);
  /** In words. */
  #used = 0;
  #files = 0;

  /** What the sink is given is valid until it is done. */
  constructor(sink: (bytes: Uint8Array) => void) {
    this.#sink = sink;
  }

  /** Of what was seen that is not a directory. */
  get files(): number {
    return this.#files;
  }

  enter(path: BytePath): void {
    this.#text(path, 0);
  }

  see(name: BytePath, stat: FileStat): void {
    this.#text(name, 1);
    if (stat.type !== fileTypes.directory) this.#files++;
    this.#used = writeFacts(stat, this.#words, this.#used, this.#start);
  }

  /** Hands on what is left of it. */
  end(): void {
    this.#sink(this.#bytes.subarray(0, this.#used * 4));
    this.#used = 0;
  }

  #text(text: string, kind: number): void {
    if (this.#used * 4 > BATCH - LARGEST) this.end();
    const wanted = this.#used * 4 + text.length + FIELDS;
    if (wanted > this.#bytes.byteLength) this.#grow(wanted);
    this.#words[this.#used++] = text.length * 2 + kind;
    const length = Math.ceil(text.length / 4);
    if (length > 0) this.#words[this.#used + length - 1] = 0;
    this.#bytes.write(text, this.#used * 4, "latin1");
    this.#used += length;
  }

  #grow(wanted: number): void {
    const words = new Uint32Array(Math.max(this.#words.length * 2, Math.ceil(wanted / 4)));
    words.set(this.#words);
    this.#words = words;
    this.#bytes = Buffer.from(words.buffer);
  }
}

/** Answers where they end. A file that may change again without showing it in its times is never found the same. */
function writeFacts(stat: FileStat, to: Uint32Array, at: number, start: number): number {
  const from = stat.words;
  let end = at;
  to[end++] = from[modeWord] ?? 0;
  if (stat.type === fileTypes.directory) {
    for (const word of timeWords) to[end++] = from[word] ?? 0;
    return end;
  }
  for (const word of otherWords) to[end++] = from[word] ?? 0;
  const isRecent = (from[changeSeconds] ?? 0) >= start / 1000 - RECENT;
  if (isRecent && stat.ctimeMilliseconds >= start - tickOf(stat.ctimeMilliseconds))
    for (const word of keptChange) to[at + 1 + word] = 0;
  return end;
}

/** What a look saw of a file that did not change since. */
interface FileFacts {
  readonly isSocket: boolean;
  readonly mtime: number;
  readonly version: FileVersion;
}

/** One thing that a look saw. */
interface Sight {
  /** Whether it is a directory that was gone into, named by its path. */
  readonly isEntered: boolean;
  readonly name: BytePath;
  /** Of its facts. */
  readonly at: number;
  readonly end: number;
}

/** What a look saw at `at`. */
export function sightAt(look: Uint32Array, at: number): Sight {
  const kind = look[at] ?? 0;
  const length = kind >>> 1;
  const bytes = Buffer.from(look.buffer, look.byteOffset + (at + 1) * 4, length);
  const facts = at + 1 + Math.ceil(length / 4);
  const isEntered = kind % 2 === 0;
  const isDirectory = ((look[facts] ?? 0) & fileTypes.mask) === fileTypes.directory;
  const count = 1 + (isDirectory ? timeWords.length : otherWords.length);
  const name = bytes.toString("latin1") as BytePath;
  return { isEntered, name, at: facts, end: isEntered ? facts : facts + count };
}

/** Of a file's facts at `at`. */
export function factsAt(look: Uint32Array, at: number): FileFacts {
  const word = (i: number): number => look[at + 1 + i] ?? 0;
  const wide = (i: number): number => (word(i + 1) | 0) * 0x1_0000_0000 + word(i);
  const inode = word(1) * 0x1_0000_0000 + word(0);
  const ctimeMs = wide(4) * 1000 + word(6) / 1_000_000;
  const isSocket = ((look[at] ?? 0) & fileTypes.mask) === fileTypes.socket;
  return { isSocket, mtime: wide(7), version: { inode, ctimeMs, settled: true } };
}

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
  readonly #bytes: Uint8Array;
  readonly #start = Date.now();
  readonly #directories = new Map<BytePath, SeenDirectory>();
  readonly #files: ChangedFile[] = [];
  #directory = "" as BytePath;
  #at = 0;
  #isSame = true;
  #changedBytes = 0;

  /** What differs is taken down in the earlier look; of files only with `update`. */
  constructor(look: Uint32Array) {
    this.#words = look;
    this.#bytes = new Uint8Array(look.buffer, look.byteOffset, look.byteLength);
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
    const at = this.#at;
    const [before = 0, now = 0] = [this.#words[at], stat.words[modeWord]];
    if (((before ^ now) & fileTypes.mask) !== 0) throw new Error("another type");
    const isSame = before === now;
    if (stat.type === fileTypes.directory) this.#seeDirectory(name, stat, isSame);
    else this.#seeFile(name, stat, isSame);
  }

  #seeDirectory(name: BytePath, stat: FileStat, isSameMode: boolean): void {
    const at = this.#at;
    const isSameTime = timeWords.every((word, i) => this.#words[at + 1 + i] === stat.words[word]);
    if (!isSameMode) this.#isSame = false;
    this.#directories.set(joinPath(this.#directory, name), {
      mode: stat.permissions,
      mtime: stat.mtimeSeconds,
      changed: isSameMode ? (isSameTime ? undefined : "mtime") : "mode",
    });
    this.#at = writeFacts(stat, this.#words, at, this.#start);
  }

  #seeFile(name: BytePath, stat: FileStat, isSameMode: boolean): void {
    const now = stat.words;
    const before = this.#words;
    let at = this.#at + 1;
    let isSame = isSameMode;
    for (const word of otherWords) if (before[at++] !== now[word]) isSame = false;
    if (!isSame) {
      if (this.#files.length === MOST) throw new Error("too many differences");
      this.#files.push({ path: joinPath(this.#directory, name), at: this.#at });
      this.#changedBytes += stat.size;
      this.#isSame = false;
    }
    this.#at = at;
  }

  #meet(text: string, kind: number): void {
    if (this.#words[this.#at] !== text.length * 2 + kind) throw new Error("another name");
    const from = (this.#at + 1) * 4;
    for (let i = 0; i < text.length; i++)
      if (this.#bytes[from + i] !== text.charCodeAt(i)) throw new Error("another name");
    this.#at += 1 + Math.ceil(text.length / 4);
  }

  /** Takes down what is there now. */
  update({ at }: ChangedFile, stat: FileStat): void {
    writeFacts(stat, this.#words, at, this.#start);
  }
}
