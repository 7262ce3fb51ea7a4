/** 64-bit fingerprint (0), SHA-256 (8), day of last use (40; 0 marks a free slot). Little endian. */
const slotSize = 44;
const digestOffset = 8;
const dayOffset = 40;
const smallestCapacity = 1024;

/**
 * A map from fingerprints to digests in one buffer of fixed slots, a power of two of them: the slot
 * of a fingerprint is its low bits, or the next free one. At most three quarters are used. On disk
 * it looks the same, so loading costs a copy, and 50,000 files are 3 MB.
 */
export class FileTable {
  #slots: Buffer;
  #used = 0;

  private constructor(slots: Buffer) {
    this.#slots = slots;
  }

  static empty(): FileTable {
    return new FileTable(Buffer.alloc(smallestCapacity * slotSize));
  }

  /** Takes over the buffer of another one; undefined when it cannot be one. */
  static from(slots: Buffer): FileTable | undefined {
    const capacity = slots.length / slotSize;
    if (capacity < smallestCapacity || !Number.isInteger(Math.log2(capacity))) return undefined;
    const table = new FileTable(slots);
    for (let at = 0; at < slots.length; at += slotSize) if (table.day(at) !== 0) table.#used++;
    return table.#isCrowded() ? undefined : table;
  }

  get slots(): Buffer {
    return this.#slots;
  }

  /** Offset of the slot with this fingerprint; undefined when there is none. */
  find(fingerprint: bigint): number | undefined {
    const at = this.#locate(fingerprint);
    return this.day(at) === 0 ? undefined : at;
  }

  day(at: number): number {
    return this.#slots.readUInt32LE(at + dayOffset);
  }

  setDay(at: number, day: number): void {
    this.#slots.writeUInt32LE(day, at + dayOffset);
  }

  /** In hex. */
  sha256(at: number): string {
    return this.#slots.toString("hex", at + digestOffset, at + dayOffset);
  }

  set(fingerprint: bigint, sha256: string, day: number): void {
    const at = this.#locate(fingerprint);
    if (this.day(at) === 0) this.#used++;
    this.#slots.writeBigUInt64LE(fingerprint, at);
    this.#slots.write(sha256, at + digestOffset, "hex");
    this.setDay(at, day);
    if (this.#isCrowded()) this.#slots = this.since(0);
  }

  /**
   * The slots of a table without what was last used before `day`, no larger than it has to be, behind
   * as many zeros.
   */
  since(day: number, zeros = 0): Buffer {
    let kept = 0;
    for (let at = 0; at < this.#slots.length; at += slotSize) {
      if (this.day(at) !== 0 && this.day(at) >= day) kept++;
    }
    let capacity = smallestCapacity;
    while (kept * 2 > capacity) capacity *= 2;
    const bytes = Buffer.alloc(zeros + capacity * slotSize);
    if (kept === this.#used && bytes.length - zeros === this.#slots.length) {
      this.#slots.copy(bytes, zeros); // nothing changes its place
      return bytes;
    }
    const table = new FileTable(bytes.subarray(zeros));
    for (let at = 0; at < this.#slots.length; at += slotSize) {
      if (this.day(at) !== 0 && this.day(at) >= day) table.#copyFrom(this.#slots, at);
    }
    return bytes;
  }

  #copyFrom(slots: Buffer, from: number): void {
    const at = this.#locate(slots.readBigUInt64LE(from));
    slots.copy(this.#slots, at, from, from + slotSize);
    this.#used++;
  }

  /** The slot of this fingerprint, or the free one where it belongs. */
  #locate(fingerprint: bigint): number {
    const mask = this.#slots.length / slotSize - 1;
    let i = Number(fingerprint & 0xffff_ffffn) & mask;
    for (;;) {
      const at = i * slotSize;
      if (this.day(at) === 0 || this.#slots.readBigUInt64LE(at) === fingerprint) return at;
      i = (i + 1) & mask;
    }
  }

  #isCrowded(): boolean {
    return this.#used * 4 > (this.#slots.length / slotSize) * 3;
  }
}
