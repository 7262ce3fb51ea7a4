import { hash } from "node:crypto";
import { comparePaths, type BytePath, type Content, type EntryList } from "../oci/changeset.js";
import { SHA256_DIGITS } from "../sha256.js";
import type { TreeDigest } from "./snapshotter.js";
import { describe, FORMAT_FIELD, type Described } from "./tree-digest.js";
import {
  fieldEnd,
  isFileAt,
  NO_XATTRS,
  PLACES,
  placesIn,
  textAt,
  typeAt,
  type TextPlaces,
  type TypeInText,
} from "./tree-places.js";

/** What a tree digest is the SHA-256 of. It tells all of the entries but their times and where their contents are. */
export class TreeText {
  readonly bytes: Buffer;
  readonly #found: TextPlaces;

  private constructor(bytes: Buffer, found: TextPlaces) {
    this.bytes = bytes;
    this.#found = found;
  }

  /** Throws where that is no such text, or one of extended attributes or removed files. `count`: of about how many entries. */
  static parse(bytes: Buffer, count?: number): TreeText {
    const format = bytes.toString("latin1", 0, FORMAT_FIELD.length);
    if (format !== FORMAT_FIELD) throw new Error("no text of a tree");
    return new TreeText(bytes, placesIn(bytes, FORMAT_FIELD.length, count));
  }

  /** Of no entries. */
  static empty(): TreeText {
    return TreeText.parse(Buffer.from(FORMAT_FIELD, "latin1"), 0);
  }

  /** How many entries there are. */
  get length(): number {
    return (this.places.length - 1) / PLACES;
  }

  /** As in `TextPlaces`. */
  get places(): Uint32Array {
    return this.#found.places;
  }

  /** As in `TextPlaces`. */
  get others(): readonly number[] {
    return this.#found.others;
  }

  /** Without what all texts begin with. */
  get entries(): Buffer {
    return this.bytes.subarray(FORMAT_FIELD.length);
  }

  digest(): TreeDigest {
    return hash("sha256", this.bytes, "hex") as TreeDigest;
  }

  /** Before the first entry. */
  cursor(): TreeCursor {
    return new TreeCursor(this);
  }

  /** At the entry of that number, the first being 0. */
  at(index: number): TreeCursor {
    return new TreeCursor(this, index);
  }

  /**
   * The same with these entries, in order, in place of those of the same paths, and those; undefined where one has none
   * of its type. Else this text is of no more use: the other is made of its bytes where they suffice.
   */
  replace(entries: readonly Described[]): Replaced | undefined {
    const found = this.#find(entries);
    if (found === undefined) return undefined;
    const old = found.map(({ start, end }) => Buffer.from(this.bytes.subarray(start, end)));
    const before = TreeText.parse(
      Buffer.concat([Buffer.from(FORMAT_FIELD, "latin1"), ...old]),
      found.length,
    );
    return { text: this.#with(found), before, numbers: found.map(({ index }) => index) };
  }

  #find(entries: readonly Described[]): readonly Replacement[] | undefined {
    const found: Replacement[] = [];
    for (const entry of entries) {
      const cursor = this.#search(entry.path, (found.at(-1)?.index ?? -1) + 1);
      if (cursor?.path !== entry.path || cursor.type !== entry.type) return undefined;
      const sha256 = entry.type === "file" ? entry.sha256 : undefined;
      const text = Buffer.from(describe(entry, sha256), "latin1");
      found.push({ text, index: cursor.index, start: cursor.start, end: cursor.end });
    }
    return found;
  }

  /** At the entry of that path, from one on; else at another one, or nowhere. */
  #search(path: BytePath, from: number): TreeCursor | undefined {
    let [start, end] = [from, this.length];
    while (start < end) {
      const middle = (start + end) >>> 1;
      if (comparePaths(this.at(middle).path, path) < 0) start = middle + 1;
      else end = middle;
    }
    return start < this.length ? this.at(start) : undefined;
  }

  #with(found: readonly Replacement[]): TreeText {
    const { bytes: from, places } = this;
    const { others } = this.#found; // of the same types
    const { fits, size } = sizeWith(found, from.byteLength);
    const to = fits ? from : Buffer.allocUnsafeSlow(size);
    let [done, moved, next] = [0, 0, 0];
    for (const { text, index, start, end } of found) {
      from.copy(to, done + moved, done, start);
      text.copy(to, start + moved);
      move(places, next, index, moved);
      const own = placesIn(text, 0, 1).places.subarray(0, PLACES);
      own.forEach((place, i) => {
        places[index * PLACES + i] = place + start + moved;
      });
      moved += text.byteLength - (end - start);
      [done, next] = [end, index + 1];
    }
    from.copy(to, done + moved, done);
    move(places, next, places.length, moved);
    return new TreeText(to.subarray(0, size), { places, others });
  }
}

/** Another text of an entry of a text. */
interface Replacement {
  readonly text: Buffer;
  readonly index: number;
  readonly start: number;
  readonly end: number;
}

/** A text that is another one but for some entries. */
export interface Replaced {
  readonly text: TreeText;
  /** Those entries as they were, and no others. */
  readonly before: TreeText;
  /** Of them in the text. */
  readonly numbers: readonly number[];
}

/** How long a text becomes, and whether nothing in it moves towards its end. */
function sizeWith(
  found: readonly Replacement[],
  before: number,
): { readonly fits: boolean; readonly size: number } {
  let [fits, size] = [true, before];
  for (const { text, start, end } of found) {
    size += text.byteLength - (end - start);
    if (size > before) fits = false;
  }
  return { fits, size };
}

/** Moves the places of entries from one on to before another. */
function move(places: Uint32Array, from: number, to: number, by: number): void {
  const end = Math.min(to * PLACES, places.length);
  for (let i = from * PLACES; by !== 0 && i < end; i++) places[i] = (places[i] ?? 0) + by;
}

/** Entries whose text is at hand. */
export interface TextEntries extends EntryList {
  readonly text: TreeText;
}

/** Tells them from others. */
export function haveText(entries: EntryList): entries is TextEntries {
  return "text" in entries && entries.text instanceof TreeText;
}

/** What a text does not tell of an entry. */
export interface Untold {
  readonly mtime: number;
  /** Of a file. */
  readonly content: Content;
}

/** Stands for that where nobody wants it. */
export const untold: Untold = { mtime: 0, content: { kind: "bytes", bytes: new Uint8Array() } };

/** Goes through the entries of a text, and takes apart only what is asked for. */
export class TreeCursor {
  /** The whole text. */
  readonly bytes: Buffer;
  readonly #places: Uint32Array;
  #at: number;

  /** Before the first entry, or at the one of that number. */
  constructor({ bytes, places }: Pick<TreeText, "bytes" | "places">, index = -1) {
    this.bytes = bytes;
    this.#places = places;
    this.#at = index * PLACES;
  }

  /** Goes to the next entry; false where there is none. */
  next(): boolean {
    this.#at += PLACES;
    return this.#at + 1 < this.#places.length;
  }

  /** Of this entry, the first being 0. */
  get index(): number {
    return this.#at / PLACES;
  }

  /** Where this entry begins in the text. */
  get start(): number {
    return this.#place(0);
  }

  get end(): number {
    return this.#place(PLACES);
  }

  get pathFrom(): number {
    return this.#place(1);
  }

  get pathEnd(): number {
    return this.#place(2);
  }

  /** Where the fields of mode and owner end, which follow the path. */
  get rightsEnd(): number {
    return this.#place(3);
  }

  /** Where the digest of a file begins. */
  get sha256From(): number {
    return this.end - SHA256_DIGITS;
  }

  get isFile(): boolean {
    return isFileAt(this.bytes, this.start);
  }

  get type(): TypeInText["type"] {
    return this.isFile ? "file" : typeAt(this.bytes, this.start).type;
  }

  get path(): BytePath {
    return this.bytes.toString("latin1", this.pathFrom, this.pathEnd) as BytePath;
  }

  /** Mode and owner. */
  rights(): { readonly mode: number; readonly uid: number; readonly gid: number } {
    const [mode = 0, uid = 0, gid = 0] = this.#numbers(this.pathEnd, 3);
    return { mode, uid, gid };
  }

  /** All of it. */
  entry({ mtime, content }: Untold): Described {
    const { path, type } = this;
    const at = this.rightsEnd + NO_XATTRS.length;
    const metadata = { path, ...this.rights(), mtime };
    switch (type) {
      case "file": {
        const [size = 0] = this.#numbers(at, 1);
        const sha256 = this.bytes.toString("latin1", this.sha256From, this.end);
        return { type, ...metadata, size, content, sha256 };
      }
      case "symlink":
      case "hardlink":
        return { type, ...metadata, target: textAt(this.bytes, at) as BytePath };
      case "block":
      case "char": {
        const [major = 0, minor = 0] = this.#numbers(at, 2);
        return { type, ...metadata, major, minor };
      }
      case "directory":
      case "fifo":
        return { type, ...metadata };
    }
  }

  #place(which: number): number {
    return this.#places[this.#at + which] ?? 0;
  }

  #numbers(at: number, count: number): readonly number[] {
    const numbers: number[] = [];
    for (let next = at; numbers.length < count; next = fieldEnd(this.bytes, next))
      numbers.push(Number(textAt(this.bytes, next)));
    return numbers;
  }
}
