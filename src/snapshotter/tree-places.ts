import type { Described } from "./tree-digest.js";

/** Of an entry in `TextPlaces`: where it begins, where its path does, and where that and the fields of mode and owner end. */
export const PLACES = 4;

/** The text of the type of a file, which nearly all entries are. */
export const FILE = Buffer.from("4:file", "latin1");
/** That of having no extended attributes. */
export const NO_XATTRS = Buffer.from("1:0", "latin1");

const [ZERO, NINE, COLON] = [0x30, 0x39, 0x3a];

/** Where the parts of the text of a tree are. */
export interface TextPlaces {
  /** Of each entry; behind the last one, where a next one would be. */
  readonly places: Uint32Array;
  /** Numbers of the entries that are no files, the first of all being 0. */
  readonly others: readonly number[];
}

/** Throws where there is no such text. `count`: of about how many entries. */
export function placesIn(bytes: Buffer, first: number, count = 1 << 10): TextPlaces {
  const most = Math.min(count, bytes.byteLength);
  const finding: Finding = {
    places: new Uint32Array(PLACES * (most + 1)),
    others: [],
    used: 0,
    at: first,
    rightsFrom: 0,
    rightsSize: 0,
  };
  while (finding.at < bytes.length) {
    if (finding.used + PLACES === finding.places.length) finding.places = grown(finding.places);
    findSome(bytes, finding);
  }
  if (finding.at > bytes.length) throw new Error("cut off");
  finding.places[finding.used] = bytes.length;
  return { places: finding.places.subarray(0, finding.used + 1), others: finding.others };
}

interface Finding {
  places: Uint32Array;
  readonly others: number[];
  used: number;
  at: number;
  /** Where mode and owner of the entry before are: nearly all have the same. */
  rightsFrom: number;
  rightsSize: number;
}

/** Entries that are gone through in one call: V8 makes a function fast that is called often sooner than one that loops. */
const SOME = 16;

function findSome(bytes: Buffer, finding: Finding): void {
  const { places, others } = finding;
  let { at, used, rightsFrom, rightsSize } = finding;
  const end = Math.min(used + SOME * PLACES, places.length - PLACES);
  for (; at < bytes.length && used < end; used += PLACES) {
    places[used] = at;
    const isFile = isFileAt(bytes, at);
    if (!isFile) others.push(used / PLACES);
    let fields = isFile ? FILE_FIELDS : typeAt(bytes, at).fields;
    at = isFile ? at + FILE.length : fieldEnd(bytes, at);
    let length = 0;
    let byte = bytes[at] ?? 0;
    for (; byte !== COLON; byte = bytes[++at] ?? 0) {
      if (byte < ZERO || byte > NINE) throw new Error("no length");
      length = length * 10 + byte - ZERO;
    }
    places[used + 1] = ++at;
    places[used + 2] = at += length;
    let same = 0;
    while (same < rightsSize && bytes[at + same] === bytes[rightsFrom + same]) same++;
    if (same < rightsSize || rightsSize === 0) {
      rightsFrom = at;
      rightsSize = rightsEnd(bytes, at) - at;
    }
    at += rightsSize;
    places[used + 3] = at - NO_XATTRS.length;
    while (fields-- > 0) at = fieldEnd(bytes, at);
  }
  finding.at = at;
  finding.used = used;
  finding.rightsFrom = rightsFrom;
  finding.rightsSize = rightsSize;
}

/** Where mode, owner and extended attributes end, of which there are none. */
function rightsEnd(bytes: Buffer, at: number): number {
  const end = fieldEnd(bytes, fieldEnd(bytes, fieldEnd(bytes, at)));
  for (let i = 0; i < NO_XATTRS.length; i++)
    if (bytes[end + i] !== NO_XATTRS[i]) throw new Error("extended attributes");
  return end + NO_XATTRS.length;
}

function grown(places: Uint32Array): Uint32Array {
  const larger = new Uint32Array(places.length * 2);
  larger.set(places);
  return larger;
}

/** Where the field ends that begins with its length at `at`. */
export function fieldEnd(bytes: Buffer, at: number): number {
  let length = 0;
  let from = at;
  for (let byte = bytes[from] ?? 0; byte !== COLON; byte = bytes[++from] ?? 0) {
    if (byte < ZERO || byte > NINE) throw new Error("no length");
    length = length * 10 + byte - ZERO;
  }
  return from + 1 + length;
}

/** Where its content begins. */
function fieldStart(bytes: Buffer, at: number): number {
  let from = at;
  while (bytes[from] !== COLON) if (++from >= bytes.length) throw new Error("no length");
  return from + 1;
}

/** Its content. */
export function textAt(bytes: Buffer, at: number): string {
  return bytes.toString("latin1", fieldStart(bytes, at), fieldEnd(bytes, at));
}

/** Whether the entry that begins at `at` is a file. Not in a loop: this is asked of each. */
export function isFileAt(bytes: Buffer, at: number): boolean {
  return (
    bytes[at] === FILE[0] &&
    bytes[at + 1] === COLON &&
    bytes[at + 2] === FILE[2] &&
    bytes[at + 3] === FILE[3] &&
    bytes[at + 4] === FILE[4] &&
    bytes[at + 5] === FILE[5]
  );
}

/** How many fields of a file follow those that all entries have. */
const FILE_FIELDS = 2;

/** The type of an entry in a text, and how many such fields it has. */
export interface TypeInText {
  readonly type: Described["type"];
  readonly fields: number;
}

const types: ReadonlyMap<string, TypeInText> = new Map([
  ["directory", { type: "directory", fields: 0 }],
  ["file", { type: "file", fields: FILE_FIELDS }],
  ["symlink", { type: "symlink", fields: 1 }],
  ["hardlink", { type: "hardlink", fields: 1 }],
  ["block", { type: "block", fields: 2 }],
  ["char", { type: "char", fields: 2 }],
  ["fifo", { type: "fifo", fields: 0 }],
]);

/** Of the entry that begins at `at`. */
export function typeAt(bytes: Buffer, at: number): TypeInText {
  const found = types.get(textAt(bytes, at));
  if (found === undefined) throw new Error("an unknown type");
  return found;
}
