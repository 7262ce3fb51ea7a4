import { hash } from "node:crypto";
import type { BytePath, Content, EntryList } from "../oci/changeset.js";
import type { TreeDigest } from "./snapshotter.js";
import { describe, FORMAT_FIELD, type Described } from "./tree-digest.js";

/** What a tree digest is the SHA-256 of. It tells all of the entries but their times and where their contents are. */
export class TreeText {
  readonly bytes: Buffer;
  /** Where each entry is; behind the last one, where a next one would be. */
  readonly places: Uint32Array;

  private constructor(bytes: Buffer, places: Uint32Array) {
    this.bytes = bytes;
    this.places = places;
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
    return { text: this.#with(found), before };
  }

  #find(entries: readonly Described[]): readonly Replacement[] | undefined {
    const found: Replacement[] = [];
    const cursor = this.cursor();
    for (const entry of entries) {
      do if (!cursor.next()) return undefined;
      while (!cursor.isAt(entry.path));
      if (cursor.type !== entry.type) return undefined;
      const sha256 = entry.type === "file" ? entry.sha256 : undefined;
      const text = Buffer.from(describe(entry, sha256), "latin1");
      found.push({ text, index: cursor.index, start: cursor.start, end: cursor.end });
    }
    return found;
  }

  #with(found: readonly Replacement[]): TreeText {
    const { bytes: from, places } = this;
    const { fits, size } = sizeWith(found, from.byteLength);
    const to = fits ? from : Buffer.allocUnsafeSlow(size);
    let [done, moved, next] = [0, 0, 0];
    for (const { text, index, start, end } of found) {
      from.copy(to, done + moved, done, start);
      text.copy(to, start + moved);
      move(places, next, index, moved);
      const own = placesIn(text, 0, 1).subarray(0, PLACES);
      own.forEach((place, i) => {
        places[index * PLACES + i] = place + start + moved;
      });
      moved += text.byteLength - (end - start);
      [done, next] = [end, index + 1];
    }
    from.copy(to, done + moved, done);
    move(places, next, places.length, moved);
    return new TreeText(to.subarray(0, size), places);
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

/** Of an entry in `places`: where it begins, where its path does, and where that and the fields of mode and owner end. */
const PLACES = 4;

const [SLASH, ZERO, NINE, COLON] = [0x2f, 0x30, 0x39, 0x3a];
/** The text of the type of a file, which nearly all entries are. */
const FILE = Buffer.from("4:file", "latin1");
/** That of having no extended attributes. */
const NO_XATTRS = Buffer.from("1:0", "latin1");
const SHA256_LENGTH = 64;

function placesIn(bytes: Buffer, first: number, count = 1 << 10): Uint32Array {
  let places: Uint32Array = new Uint32Array(PLACES * (Math.min(count, bytes.byteLength) + 1));
  let used = 0;
  for (let at = first; at < bytes.length;) {
    if (used + PLACES === places.length) places = grown(places);
    places[used++] = at;
    const isFile = has(bytes, FILE, at);
    const more = isFile ? 2 : typeAt(bytes, at).more;
    at = isFile ? at + FILE.length : fieldEnd(bytes, at);
    places[used++] = fieldStart(bytes, at);
    places[used++] = at = fieldEnd(bytes, at);
    places[used++] = at = fieldEnd(bytes, fieldEnd(bytes, fieldEnd(bytes, at)));
    if (!has(bytes, NO_XATTRS, at)) throw new Error("extended attributes");
    at += NO_XATTRS.length;
    for (let i = 0; i < more; i++) at = fieldEnd(bytes, at);
  }
  places[used++] = bytes.length;
  return places.subarray(0, used);
}

function grown(places: Uint32Array): Uint32Array {
  const larger = new Uint32Array(places.length * 2);
  larger.set(places);
  return larger;
}

/** Where the field ends that begins with its length at `at`. */
function fieldEnd(bytes: Buffer, at: number): number {
  let length = 0;
  let from = at;
  for (let byte = bytes[from] ?? 0; byte !== COLON; byte = bytes[++from] ?? 0) {
    if (byte < ZERO || byte > NINE) throw new Error("no length");
    length = length * 10 + byte - ZERO;
  }
  if (from + length >= bytes.length) throw new Error("cut off");
  return from + 1 + length;
}

/** Where its content begins. */
function fieldStart(bytes: Buffer, at: number): number {
  let from = at;
  while (bytes[from] !== COLON) if (++from >= bytes.length) throw new Error("no length");
  return from + 1;
}

function has(bytes: Buffer, text: Buffer, at: number): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false;
  return true;
}

function textAt(bytes: Buffer, at: number): string {
  return bytes.toString("latin1", fieldStart(bytes, at), fieldEnd(bytes, at));
}

/** Entries whose text is at hand. */
export interface TextEntries extends EntryList {
  readonly text: TreeText;
}

/** Tells them from others. */
export function haveText(entries: EntryList): entries is TextEntries {
  return "text" in entries && entries.text instanceof TreeText;
}

type TypeInText = Described["type"];

/** How many fields follow those that all entries have. */
const types: ReadonlyMap<string, { readonly type: TypeInText; readonly more: number }> = new Map([
  ["directory", { type: "directory", more: 0 }],
  ["file", { type: "file", more: 2 }],
  ["symlink", { type: "symlink", more: 1 }],
  ["hardlink", { type: "hardlink", more: 1 }],
  ["block", { type: "block", more: 2 }],
  ["char", { type: "char", more: 2 }],
  ["fifo", { type: "fifo", more: 0 }],
]);

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
  #at = -PLACES;

  constructor({ bytes, places }: Pick<TreeText, "bytes" | "places">) {
    this.bytes = bytes;
    this.#places = places;
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
    return this.end - SHA256_LENGTH;
  }

  get isFile(): boolean {
    return has(this.bytes, FILE, this.start);
  }

  get type(): TypeInText {
    return this.isFile ? "file" : typeAt(this.bytes, this.start).type;
  }

  get path(): BytePath {
    return this.bytes.toString("latin1", this.pathFrom, this.pathEnd) as BytePath;
  }

  /** Whether it is that of this path. */
  isAt(path: BytePath): boolean {
    return this.#isText(path, this.pathEnd);
  }

  /** Whether it is in that directory itself. */
  isIn(directory: BytePath): boolean {
    let end = this.pathEnd;
    while (end > this.pathFrom && this.bytes[end] !== SLASH) end--;
    return this.#isText(directory, end);
  }

  /** Whether the path begins with all of that, up to `end`. */
  #isText(text: string, end: number): boolean {
    const { pathFrom } = this;
    if (end - pathFrom !== text.length) return false;
    for (let i = text.length - 1; i >= 0; i--)
      if (this.bytes[pathFrom + i] !== text.charCodeAt(i)) return false;
    return true;
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

/** What begins at `at`. */
function typeAt(bytes: Buffer, at: number): { readonly type: TypeInText; readonly more: number } {
  const found = types.get(textAt(bytes, at));
  if (found === undefined) throw new Error("an unknown type");
  return found;
}
