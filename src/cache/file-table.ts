import { viewOf } from "../sys/byte-view.js";

/** Fingerprint (0; 64 bits), SHA-256 (8), day of last use (40; 0 marks a free slot), file (44; 32 bits). Little endian. */
const slotSize = 48;
const digestOffset = 8;
const dayOffset = 40;
const fileOffset = 44;
const slotWords = slotSize / 4;
const smallestCapacity = 1024;

/** Spreads numbers that follow each other: the end of MurmurHash3. */
export function mix(number: number): number {
  let mixed = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** What is known of a file in its state. */
interface Known {
  readonly sha256: Uint8Array;
  readonly day: number;
}

/**
 * A map from files to digests in one buffer: a header that is for its owner, and fixed slots, a power of two of them. A file is a
 * number, which leads to its slot or the next free one, and a fingerprint says in which state it is. Of each there is one
 * state: it never comes to an earlier one again, and those would pile up. At most three quarters of the slots are used. On disk
 * it looks the same, so that nothing is copied to load or to save it, and 50,000 files are 6 MB.
 */
export class FileTable {
  readonly #header: number;
  /** The fingerprint that is looked for: as a bigint, each slot that it is compared with would cost several. */
  readonly #sought = new DataView(new ArrayBuffer(8));
  #bytes: Buffer;
  #slots: Buffer;
  #view: DataView;
  #used = 0;

  private constructor(bytes: Buffer, header: number) {
    this.#header = header;
    this.#bytes = bytes;
    this.#slots = bytes.subarray(header);
    this.#view = viewOf(this.#slots);
  }

  static empty(header: number): FileTable {
    return new FileTable(Buffer.alloc(header + smallestCapacity * slotSize), header);
  }

  /** Takes over the buffer of another one, of which so many slots are used; undefined when it cannot be one. */
  static from(bytes: Buffer, header: number, used: number): FileTable | undefined {
    const capacity = (bytes.length - header) / slotSize;
    if (capacity < smallestCapacity || !Number.isInteger(Math.log2(capacity))) return undefined;
    const table = new FileTable(bytes, header);
    table.#used = used;
    return table.#isCrowded() ? undefined : table;
  }

  /** All of it, header included, until anything is added or forgotten. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** How many files there are. */
  get used(): number {
    return this.#used;
  }

  get byteLength(): number {
    return this.#bytes.byteLength;
  }

  /** Offset of the slot with this file in the state that is asked for if the file is there; undefined when there is none. */
  find(file: number, fingerprint: () => bigint): number | undefined {
    const at = this.#locate(file);
    if (this.day(at) === 0) return undefined;
    this.#sought.setBigUint64(0, fingerprint(), true);
    const [low, high] = [this.#sought.getUint32(0, true), this.#sought.getUint32(4, true)];
    const isSame =
      this.#view.getUint32(at, true) === low && this.#view.getUint32(at + 4, true) === high;
    return isSame ? at : undefined;
  }

  day(at: number): number {
    return this.#view.getUint32(at + dayOffset, true);
  }

  setDay(at: number, day: number): void {
    this.#view.setUint32(at + dayOffset, day, true);
  }

  /** In hex. */
  sha256(at: number): string {
    return this.#slots.toString("hex", at + digestOffset, at + dayOffset);
  }

  /** Replaces another state of the file. */
  set(file: number, fingerprint: bigint, { sha256, day }: Known): void {
    const at = this.#locate(file);
    if (this.day(at) === 0) this.#used++;
    this.#view.setBigUint64(at, fingerprint, true);
    this.#slots.set(sha256, at + digestOffset);
    this.setDay(at, day);
    this.#view.setUint32(at + fileOffset, file, true);
    if (this.#isCrowded()) this.compact(1);
  }

  /** Forgets what was last used before `day`, and takes no more room than it has to. */
  compact(day: number): void {
    const kept = this.#count(day);
    let capacity = smallestCapacity;
    while (kept * 3 > capacity * 2) capacity *= 2;
    const isCompact = kept === this.#used && capacity * slotSize === this.#slots.length;
    if (!isCompact) this.#rebuild(capacity, day);
  }

  #rebuild(capacity: number, day: number): void {
    const before = wordsOf(this.#slots);
    this.#bytes = Buffer.alloc(this.#header + capacity * slotSize);
    this.#slots = this.#bytes.subarray(this.#header);
    this.#view = viewOf(this.#slots);
    this.#used = 0;
    const words = wordsOf(this.#slots);
    for (let from = 0; from < before.length; from += slotWords) {
      if ((before[from + dayOffset / 4] ?? 0) < day) continue;
      const to = this.#locate(before[from + fileOffset / 4] ?? 0) / 4;
      for (let i = 0; i < slotWords; i++) words[to + i] = before[from + i] ?? 0;
      this.#used++;
    }
  }

  /** Slots that were used since `day`, which is no free one's. */
  #count(day: number): number {
    let count = 0;
    for (let at = 0; at < this.#slots.length; at += slotSize) if (this.day(at) >= day) count++;
    return count;
  }

  /** The slot of this file, or the free one where it belongs. */
  #locate(file: number): number {
    const view = this.#view;
    const mask = view.byteLength / slotSize - 1;
    for (let i = mix(file) & mask; ; i = (i + 1) & mask) {
      const at = i * slotSize;
      if (this.day(at) === 0 || view.getUint32(at + fileOffset, true) === file) return at;
    }
  }

  #isCrowded(): boolean {
    return this.#used * 4 > (this.#slots.length / slotSize) * 3;
  }
}

/** A word at a time: copying each slot as a part of a buffer takes several times as long. */
function wordsOf({ buffer, byteOffset, byteLength }: Buffer): Uint32Array {
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}
