/** 64-bit fingerprint (0), SHA-256 (8), day of last use (40; 0 marks a free slot). Little endian. */
const slotSize = 44;
const digestOffset = 8;
const dayOffset = 40;
const smallestCapacity = 1024;

/**
 * A map from fingerprints to digests in one buffer: a header that is for its owner, and fixed slots, a power of two of them. The slot
 * of a fingerprint is its low bits, or the next free one. At most three quarters are used. On disk
 * it looks the same, so that nothing is copied to load or to save it, and 50,000 files are 3 MB.
 */
export class FileTable {
  readonly #header: number;
  /** The fingerprint that is looked for: as a bigint, each slot that it is compared with would cost several. */
  readonly #sought = new DataView(new ArrayBuffer(8));
  #bytes: Buffer;
  #slots: Buffer;
  #used = 0;

  private constructor(bytes: Buffer, header: number) {
    this.#header = header;
    this.#bytes = bytes;
    this.#slots = bytes.subarray(header);
  }

  static empty(header: number): FileTable {
    return new FileTable(Buffer.alloc(header + smallestCapacity * slotSize), header);
  }

  /** Takes over the buffer of another one; undefined when it cannot be one. */
  static from(bytes: Buffer, header: number): FileTable | undefined {
    const capacity = (bytes.length - header) / slotSize;
    if (capacity < smallestCapacity || !Number.isInteger(Math.log2(capacity))) return undefined;
    const table = new FileTable(bytes, header);
    table.#used = table.#count(1);
    return table.#isCrowded() ? undefined : table;
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
    if (this.#isCrowded()) this.compact(1);
  }

  /**
   * Forgets what was last used before `day`, and takes no more room than it has to. Answers all of it, header
   * included, to be written down before anything else is done with it.
   */
  compact(day: number): Buffer {
    const kept = this.#count(day);
    let capacity = smallestCapacity;
    while (kept * 3 > capacity * 2) capacity *= 2;
    const isCompact = kept === this.#used && capacity * slotSize === this.#slots.length;
    if (!isCompact) this.#rebuild(capacity, day);
    return this.#bytes;
  }

  #rebuild(capacity: number, day: number): void {
    const before = this.#slots;
    this.#bytes = Buffer.alloc(this.#header + capacity * slotSize);
    this.#slots = this.#bytes.subarray(this.#header);
    this.#used = 0;
    for (let from = 0; from < before.length; from += slotSize) {
      if (before.readUInt32LE(from + dayOffset) < day) continue;
      before.copy(this.#slots, this.#locate(before.readBigUInt64LE(from)), from, from + slotSize);
      this.#used++;
    }
  }

  /** Slots that were used since `day`, which is no free one's. */
  #count(day: number): number {
    let count = 0;
    for (let at = 0; at < this.#slots.length; at += slotSize) if (this.day(at) >= day) count++;
    return count;
  }

  /** The slot of this fingerprint, or the free one where it belongs. */
  #locate(fingerprint: bigint): number {
    const slots = this.#slots;
    const mask = slots.length / slotSize - 1;
    this.#sought.setBigUint64(0, fingerprint, true);
    const [low, high] = [this.#sought.getUint32(0, true), this.#sought.getUint32(4, true)];
    let i = low & mask;
    for (;;) {
      const at = i * slotSize;
      if (this.day(at) === 0) return at;
      if (slots.readUInt32LE(at) === low && slots.readUInt32LE(at + 4) === high) return at;
      i = (i + 1) & mask;
    }
  }

  #isCrowded(): boolean {
    return this.#used * 4 > (this.#slots.length / slotSize) * 3;
  }
}
