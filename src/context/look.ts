import type { BytePath, FileVersion } from "../oci/changeset.js";
import { fileTypes, type FileStat } from "../sys/file-stat.js";
import { tickOf } from "./tick.js";

/** Told what is looked at, in the order of the walk. */
export interface Onlooker {
  /** Goes into a directory; what follows is in there. */
  enter(path: BytePath): void;
  /** Sees what has that name. */
  see(name: BytePath, stat: FileStat): void;
  /** Whether the names in a directory that was seen are known without listing it. */
  knows?(path: BytePath): boolean;
  /** These, in the order of their bytes, where somebody wants entries of them. */
  names?(path: BytePath): readonly BytePath[];
}

/** In struct statx: mode; inode and size; ctime, mtime, and the numbers of the device. All that is kept of a name. */
const factWords = [7, 8, 9, 10, 11, 24, 25, 26, 28, 29, 30, 32, 33, 34, 35] as const;
/** Words that are kept of what is seen, besides its name. */
export const FACTS = factWords.length;
const changeSeconds = 24;
const timeWords = [28, 29] as const;
/** In what is kept: the ctime, and the mtime. */
const keptChange = [5, 6, 7] as const;
const keptTime = 8;

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

/** Writes down a look at a tree of the host: names and stat data, by which the file index, too, knows files. */
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

/** Answers where they end. What may change again without showing it in its times is never found the same. */
export function writeFacts(stat: FileStat, to: Uint32Array, at: number, start: number): number {
  const from = stat.words;
  let end = at;
  for (const word of factWords) to[end++] = from[word] ?? 0;
  const isRecent = (from[changeSeconds] ?? 0) >= start / 1000 - RECENT;
  if (isRecent && stat.ctimeMilliseconds >= start - tickOf(stat.ctimeMilliseconds))
    for (const word of keptChange) to[at + word] = 0;
  return end;
}

/** Whether the facts at `at` are those of what is there now. */
export function isAsBefore(look: Uint32Array, at: number, { words }: FileStat): boolean {
  let before = at;
  for (const word of factWords) if (look[before++] !== words[word]) return false;
  return true;
}

/** The same of its time alone, in seconds. */
export function hasTimeAsBefore(look: Uint32Array, at: number, { words }: FileStat): boolean {
  return timeWords.every((word, i) => look[at + keptTime + i] === words[word]);
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
  const name = bytes.toString("latin1") as BytePath;
  return { isEntered, name, at: facts, end: isEntered ? facts : facts + FACTS };
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
