/** A file of a `FileTable` in some state. */
interface ReservedFile {
  readonly file: number;
  readonly fingerprint: bigint;
}

/** Files whose digests are still to come, each known by a number: thousands of objects would keep the collector busy. */
export class ReservedFiles {
  /** Numbers that were taken back. */
  readonly #free: number[] = [];
  #files = new Uint32Array(1 << 8);
  #fingerprints = new BigUint64Array(this.#files.length);
  #count = 0;

  /** Answers its number. */
  add(file: number, fingerprint: bigint): number {
    const number = this.#free.pop() ?? this.#count++;
    if (number === this.#files.length) this.#grow();
    this.#files[number] = file;
    this.#fingerprints[number] = fingerprint;
    return number;
  }

  /** That of a number, which the next one may get. */
  take(number: number): ReservedFile {
    this.#free.push(number);
    return { file: this.#files[number] ?? 0, fingerprint: this.#fingerprints[number] ?? 0n };
  }

  #grow(): void {
    const [files, fingerprints] = [this.#files, this.#fingerprints];
    this.#files = new Uint32Array(files.length * 2);
    this.#files.set(files);
    this.#fingerprints = new BigUint64Array(this.#files.length);
    this.#fingerprints.set(fingerprints);
  }
}
