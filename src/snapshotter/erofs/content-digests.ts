import type { Changeset, Entry } from "../../oci/changeset.js";
import { SHA256_DIGITS, SHA256_SIZE } from "../../sha256.js";
import { ByteArea } from "./byte-area.js";

const hexDigits = Buffer.from("0123456789abcdef");

/** The SHA-256 of each file of a tar, in its order: 300,000 of them as text would take 30 MB. */
export class ContentDigests {
  readonly #area = new ByteArea();

  /** Adds that of the next file. */
  push(sha256: string): void {
    const at = this.#area.grow(SHA256_SIZE);
    this.#area.buffer.write(sha256, at, "hex");
  }

  /** The same, as bytes. */
  pushBytes(sha256: Buffer): void {
    const at = this.#area.grow(SHA256_SIZE);
    sha256.copy(this.#area.buffer, at);
  }

  /** As `push`, of the file of that number, which counts from 1; others have zeros. */
  set(number: number, sha256: string): void {
    const at = (number - 1) * SHA256_SIZE;
    this.#area.grow(Math.max(0, at + SHA256_SIZE - this.#area.length));
    this.#area.buffer.write(sha256, at, "hex");
  }

  /** That of the file of that number. */
  get(number: number): string {
    const at = (number - 1) * SHA256_SIZE;
    return this.#area.buffer.toString("hex", at, at + SHA256_SIZE);
  }

  /** Whether that of the file of that number is this one. */
  has(number: number, sha256: string): boolean {
    const bytes = this.#area.buffer;
    const start = (number - 1) * SHA256_SIZE;
    if (sha256.length !== SHA256_DIGITS) return false;
    for (let i = 0; i < SHA256_SIZE; i++) {
      const byte = bytes[start + i] ?? 0;
      if (sha256.charCodeAt(2 * i) !== hexDigits[byte >> 4]) return false;
      if (sha256.charCodeAt(2 * i + 1) !== hexDigits[byte & 15]) return false;
    }
    return true;
  }

  /** Those of so many files, zeros behind the last that is known. */
  upTo(count: number): Buffer {
    this.#area.grow(Math.max(0, count * SHA256_SIZE - this.#area.length));
    return this.#area.bytes;
  }

  /** All of them. */
  get bytes(): Buffer {
    return this.#area.bytes;
  }

  /** The same files, read again, with what is known of them. */
  async *applyTo(changes: Changeset): AsyncGenerator<Entry> {
    let at = 0;
    for await (const entry of changes) {
      if (entry.type !== "file") {
        yield entry;
        continue;
      }
      yield { ...entry, sha256: this.#area.bytes.toString("hex", at, at + SHA256_SIZE) };
      at += SHA256_SIZE;
    }
  }
}
