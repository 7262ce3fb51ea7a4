import { describe, digestOf, rightsText, type Described } from "../snapshotter/tree-digest.js";
import { FILE, isFileAt, PLACES } from "../snapshotter/tree-places.js";
import { untold, type TreeText } from "../snapshotter/tree-text.js";
import { viewOf } from "../sys/byte-view.js";
import { placedEntry, type TreeTarget } from "./placed-entry.js";

/** What is handed on at once. */
const BATCH = 1 << 16;
/** More than the type of a file and the length of its path take. */
const HEAD = 32;
const [ZERO, COLON] = [0x30, 0x3a];

/** Text on its way, and what is made of that of files. */
interface Batch {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  used: number;
  readonly prefix: Uint8Array;
  /** Mode and owner of the file before, and what they become: nearly all have the same. */
  rights: Uint8Array;
  placedRights: Uint8Array;
}

/** Makes of the text of a tree that of what it is where it is placed. */
export class PlacedTexts {
  readonly #target: TreeTarget;
  readonly #sink: (text: Uint8Array) => void;
  readonly #batch: Batch;

  /** What the sink is given is valid until it is done. */
  constructor(target: TreeTarget, sink: (text: Uint8Array) => void) {
    const { destination } = target;
    const bytes = Buffer.allocUnsafeSlow(BATCH);
    this.#target = target;
    this.#sink = sink;
    this.#batch = {
      bytes,
      view: viewOf(bytes),
      used: 0,
      prefix: Buffer.from(destination === "" ? "" : `${destination}/`, "latin1"),
      rights: Buffer.alloc(0),
      placedRights: Buffer.alloc(0),
    };
  }

  /** Adds the entries from a number of a text on to before another one. */
  add(text: TreeText, from: number, end: number): void {
    const { bytes, places } = text;
    const source = { bytes, places, view: viewOf(bytes) };
    for (let number = from; number < end; number++) {
      if (addFile(this.#batch, source, number)) continue;
      const placed = placedEntry(text.at(number).entry(untold), this.#target);
      if (placed.type === "file") this.#prepare(text, number, placed);
      if (!addFile(this.#batch, source, number)) this.#addEntry(placed);
    }
  }

  /** Hands on what was added. */
  flush(): void {
    const { bytes, used } = this.#batch;
    if (used > 0) this.#sink(bytes.subarray(0, used));
    this.#batch.used = 0;
  }

  /** Makes room, and mode and owner those of that file. */
  #prepare(text: TreeText, number: number, placed: Described): void {
    const { bytes, pathEnd, rightsEnd } = text.at(number);
    this.flush();
    this.#batch.rights = bytes.subarray(pathEnd, rightsEnd);
    this.#batch.placedRights = Buffer.from(rightsText(placed), "latin1");
  }

  /** What is no file, or longer than a batch. */
  #addEntry(placed: Described): void {
    const text = Buffer.from(describe(placed, digestOf(placed)), "latin1");
    if (text.byteLength > BATCH - this.#batch.used) this.flush();
    if (text.byteLength > BATCH) {
      this.#sink(text);
      return;
    }
    this.#batch.bytes.set(text, this.#batch.used);
    this.#batch.used += text.byteLength;
  }
}

interface Source extends Pick<TreeText, "bytes" | "places"> {
  readonly view: DataView;
}

/**
 * Adds an entry as it is placed; false where it is no file, its mode and owner are not those of the one before, or there is no
 * room. In one function, which V8 makes fast within milliseconds.
 */
function addFile(batch: Batch, { bytes: from, places, view }: Source, number: number): boolean {
  const { bytes, prefix, rights, placedRights } = batch;
  const place = number * PLACES;
  const pathFrom = places[place + 1] ?? 0;
  const pathEnd = places[place + 2] ?? 0;
  const end = places[place + PLACES] ?? 0;
  const length = prefix.length + pathEnd - pathFrom;
  let at = batch.used;
  if (HEAD + prefix.length + placedRights.length + end - pathFrom > BATCH - at) return false;
  if (!isFileAt(from, places[place] ?? 0)) return false;
  if (pathEnd + rights.length !== places[place + 3]) return false;
  for (let i = 0; i < rights.length; i++) if (from[pathEnd + i] !== rights[i]) return false;
  for (let i = 0; i < FILE.length; i++) bytes[at++] = FILE[i] ?? 0;
  let unit = 1;
  while (unit * 10 <= length) unit *= 10;
  for (; unit >= 1; unit = Math.floor(unit / 10))
    bytes[at++] = ZERO + (Math.floor(length / unit) % 10);
  bytes[at++] = COLON;
  for (let i = 0; i < prefix.length; i++) bytes[at++] = prefix[i] ?? 0;
  at = copy(view, pathFrom, pathEnd, batch.view, at);
  for (let i = 0; i < placedRights.length; i++) bytes[at++] = placedRights[i] ?? 0;
  batch.used = copy(view, pathEnd + rights.length, end, batch.view, at);
  return true;
}

/** Four bytes at a time; answers where the copy ends. */
function copy(from: DataView, start: number, end: number, to: DataView, at: number): number {
  const moved = at - start;
  let i = start;
  for (; i + 4 <= end; i += 4) to.setUint32(i + moved, from.getUint32(i));
  for (; i < end; i++) to.setUint8(i + moved, from.getUint8(i));
  return end + moved;
}
