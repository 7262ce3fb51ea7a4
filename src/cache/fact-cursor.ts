import type { BytePath } from "../oci/changeset.js";

const FILE = Buffer.from("file ", "latin1");
const SPACE = 0x20;
/** Of the spaces in a fact, the one that its content comes behind. */
const LAST_SPACE = 4;

/**
 * Goes through the facts of a selection, each where it lies: to make strings of 50,000 files, of then and of now, takes
 * as long as making a layer of them.
 */
export class FactCursor {
  readonly #facts: Buffer;
  #pathFrom = 0;
  #pathEnd = 0;
  /** Two zeros stand before each next one. */
  #factEnd = -2;

  /** Before the first one of what `factsOf` made. */
  constructor(facts: Buffer) {
    this.#facts = facts;
  }

  get path(): BytePath {
    return this.#facts.toString("latin1", this.#pathFrom, this.#pathEnd) as BytePath;
  }

  get fact(): string {
    return this.#facts.toString("latin1", this.#pathEnd + 1, this.#factEnd);
  }

  /** Goes to the next one; false behind the last. */
  next(): boolean {
    this.#pathFrom = this.#factEnd + 2;
    this.#pathEnd = this.#endFrom(this.#pathFrom);
    this.#factEnd = this.#endFrom(this.#pathEnd + 1);
    return this.#pathEnd < this.#facts.byteLength;
  }

  hasPathOf(other: FactCursor): boolean {
    const length = this.#pathEnd - this.#pathFrom;
    if (length !== other.#pathEnd - other.#pathFrom) return false;
    return this.#sameBytes(this.#pathFrom, other, other.#pathFrom) >= length;
  }

  /** What differs from the fact of another one: the content of a regular file, or anything else. */
  differsFrom(other: FactCursor): "content" | "other" | undefined {
    const [start, otherStart] = [this.#pathEnd + 1, other.#pathEnd + 1];
    const same = this.#sameBytes(start, other, otherStart);
    const [length, otherLength] = [this.#factEnd - start, other.#factEnd - otherStart];
    if (length === otherLength && same >= length) return undefined;
    const end = start + same;
    for (let i = 0; i < FILE.byteLength; i++)
      if (start + i >= end || this.#facts[start + i] !== FILE[i]) return "other";
    let spaces = 0;
    for (let at = start; at < end; at++) if (this.#facts[at] === SPACE) spaces++;
    return spaces >= LAST_SPACE ? "content" : "other";
  }

  /** How many bytes are the same, at most up to the zero that ends both. */
  #sameBytes(from: number, other: FactCursor, otherFrom: number): number {
    const [a, b] = [this.#facts, other.#facts];
    let same = 0;
    while (a[from + same] === b[otherFrom + same] && (a[from + same] ?? 0) !== 0) same++;
    return same;
  }

  #endFrom(start: number): number {
    const facts = this.#facts;
    const { length } = facts;
    let at = start;
    while (at < length && facts[at] !== 0) at++;
    return at;
  }
}
