import { hash } from "node:crypto";
import type { BytePath } from "../oci/changeset.js";
import { fileTypes, type FileStat } from "../sys/file-stat.js";
import { tickOf } from "./tick.js";

/** Hashed at once: some 700 files. */
const BATCH = 1 << 16;

/** Bytes that are there from the beginning. */
const FIRST = 1 << 11;

/** More than what is kept of a file besides its name. */
const FIELDS = 128;

/** The most that one name or path takes, which the kernel limits, with what comes before it. */
const LARGEST = 1 << 13;

/** Hex digits of the SHA-256 of a batch: nobody finds another one with the same. */
const MARK = 32;

/** Seconds after which a change is surely no longer in the same tick of a clock. */
const RECENT = 3;

/** In struct statx: the mode; the inode and the size; ctime, mtime, and the numbers of the device. */
const mode = 7;
const changeSeconds = 24;
const words = [8, 9, 10, 11, 24, 25, 26, 28, 29, 30, 32, 33, 34, 35] as const;

/**
 * What a look at a tree of the host saw of names and stat data, as digests: where these are the same, so are the
 * files, by what the file index goes by. Of directories only names and modes count: their times change with what is ignored,
 * too, and are in no key. Nothing is kept of a file, so that 100,000 of them cost no garbage.
 */
export class Glance {
  readonly #like: string | undefined;
  /** Grows up to a batch: of a thousand COPY steps most look at one file. */
  #words = new Uint32Array(FIRST / 4);
  #bytes = Buffer.from(this.#words.buffer);
  readonly #start = Date.now();
  /** In words. */
  #used = 0;
  #files = 0;
  #isSettled = true;
  #marks = "";

  /** One that has to be `like` another throws soon after it is not. */
  constructor(like?: string) {
    this.#like = like;
  }

  /** Of what was seen that is not a directory. */
  get files(): number {
    return this.#files;
  }

  /** Whether a file that changes from now on shows that in its times. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Goes into a directory; what follows is in there. */
  enter(path: BytePath): void {
    this.#text(path, 0);
  }

  /** Sees what has that name. */
  see(name: BytePath, stat: FileStat): void {
    this.#text(name, 1);
    const from = stat.words;
    this.#words[this.#used++] = from[mode] ?? 0;
    if (stat.type === fileTypes.directory) return;
    for (const word of words) this.#words[this.#used++] = from[word] ?? 0;
    this.#files++;
    if ((from[changeSeconds] ?? 0) >= this.#start / 1000 - RECENT) this.#seeRecent(stat);
  }

  #seeRecent({ ctimeMilliseconds: changed }: FileStat): void {
    if (changed >= this.#start - tickOf(changed)) this.#isSettled = false;
  }

  /** All of it, once. */
  look(): string {
    this.#flush();
    return this.#marks;
  }

  #text(text: string, kind: number): void {
    if (this.#used * 4 > BATCH - LARGEST) this.#flush();
    if (this.#used * 4 + text.length + FIELDS > this.#bytes.byteLength) this.#grow(text.length);
    this.#words[this.#used++] = text.length * 2 + kind;
    const length = Math.ceil(text.length / 4);
    if (length > 0) this.#words[this.#used + length - 1] = 0;
    this.#bytes.write(text, this.#used * 4, "latin1");
    this.#used += length;
  }

  #grow(length: number): void {
    const wanted = this.#used * 4 + length + FIELDS;
    const words = new Uint32Array(Math.max(this.#words.length * 2, Math.ceil(wanted / 4)));
    words.set(this.#words);
    this.#words = words;
    this.#bytes = Buffer.from(words.buffer);
  }

  #flush(): void {
    const mark = hash("sha256", this.#bytes.subarray(0, this.#used * 4), "hex").slice(0, MARK);
    if (this.#like?.startsWith(mark, this.#marks.length) === false) throw new Error("unlike");
    this.#marks += mark;
    this.#used = 0;
  }
}

/** What was selected once, and how everything that was looked at for it looked then. */
export interface Glanced {
  /** Of a `Glance`. */
  readonly look: string;
  /** Names what was selected. */
  readonly selection: string;
}

/** Keeps what was glanced at from build to build, by what was asked for. */
export interface GlanceMemory {
  get(query: string): Glanced | undefined;
  set(query: string, glanced: Glanced): void;
}
