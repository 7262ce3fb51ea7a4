import type { TreeCursor } from "../snapshotter/tree-text.js";

/** What is handed on at once. */
const BATCH = 1 << 16;

/** Puts pieces of bytes together: as strings, those of 50,000 files take several times as long. */
export class ByteBatches {
  readonly #sink: (bytes: Uint8Array) => void;
  readonly #batch = Buffer.allocUnsafeSlow(BATCH);
  #used = 0;

  /** What the sink is given is valid until it is done. */
  constructor(sink: (bytes: Uint8Array) => void) {
    this.#sink = sink;
  }

  /** Whether so many more find room, if need be after what is there was handed on. */
  hasRoom(size: number): boolean {
    if (size > BATCH - this.#used) this.flush();
    return size <= BATCH;
  }

  /** Adds bytes that there is room for. */
  add(bytes: Uint8Array, from = 0, end = bytes.byteLength): void {
    const to = this.#batch;
    let at = this.#used;
    for (let i = from; i < end; i++) to[at++] = bytes[i] ?? 0;
    this.#used = at;
  }

  flush(): void {
    if (this.#used > 0) this.#sink(this.#batch.subarray(0, this.#used));
    this.#used = 0;
  }
}

/** What is made of mode and owner of an entry: nearly all have those of the one before. */
export class MadeOfRights {
  readonly #make: (cursor: TreeCursor) => string;
  #before: Uint8Array = new Uint8Array();
  #made: Uint8Array = new Uint8Array();

  constructor(make: (cursor: TreeCursor) => string) {
    this.#make = make;
  }

  /** In latin1. */
  at(cursor: TreeCursor): Uint8Array {
    const { bytes, pathEnd: from, rightsEnd: end } = cursor;
    let isSame = this.#before.byteLength === end - from;
    for (let i = from; isSame && i < end; i++) isSame = bytes[i] === this.#before[i - from];
    if (isSame) return this.#made;
    this.#before = bytes.subarray(from, end);
    return (this.#made = Buffer.from(this.#make(cursor), "latin1"));
  }
}
