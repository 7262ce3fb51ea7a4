import { createHash, hash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { FileEntry } from "./changeset.js";
import { CHUNK } from "./open-content.js";
import { readContent, readContentInto } from "./content.js";
import { SliceReader } from "./slice-reader.js";
import { BLOCK, encodeHeader, encodePax, paddingOf, type TarHeader } from "./tar-header.js";

/** Files up to this size are read whole and synchronously, right behind their header. */
const SMALL = CHUNK / 4;

/** One member; only a regular file has content. */
export interface TarMember {
  readonly header: TarHeader;
  readonly file: FileEntry | undefined;
}

/** How a tar is written. */
export interface TarWriterOptions {
  /** A piece is valid only until the second one after it is asked for: no garbage. */
  readonly reuse: boolean;
  /** Hash the content of each file that comes without its SHA-256. */
  readonly hashContent: boolean;
}

/**
 * Collects a tar in pieces of about 1 MiB. Members and content go straight into one buffer, because
 * a stream and several buffers for each of 50,000 small files, as in tar-stream's pack, take four
 * times as long.
 */
export class TarWriter implements Disposable {
  #buffer = Buffer.allocUnsafeSlow(CHUNK);
  /** Given away last, where pieces are reused. */
  #spare: Buffer<ArrayBuffer> | undefined;
  #used = 0;
  /** Bytes that were given away. */
  #given = 0;
  #contentStart = 0;
  readonly #options: TarWriterOptions;
  readonly #slices = new SliceReader();

  constructor(options: TarWriterOptions) {
    this.#options = options;
  }

  /** Where in the tar the content of the member that was added last begins. */
  get contentStart(): number {
    return this.#contentStart;
  }

  /** Adds a member; gives the pieces that became full, and returns the SHA-256 of its content. */
  async *add(member: TarMember): AsyncGenerator<Uint8Array, string | undefined> {
    if (this.#used > 0) yield* this.flush();
    if (this.fits(member)) return this.addSmall(member);
    const { header, file } = member;
    const pax = encodePax(header);
    if (pax !== undefined) {
      yield pax;
      this.#given += pax.byteLength;
    }
    this.#putHeader(header);
    yield* this.flush();
    this.#contentStart = this.#given;
    if (file === undefined) return undefined;
    const hasher =
      this.#options.hashContent && file.sha256 === undefined ? createHash("sha256") : undefined;
    for await (const chunk of readContent(file, this.#options.reuse)) {
      hasher?.update(chunk);
      yield chunk;
    }
    this.#given += file.size;
    this.#putZeros(paddingOf(file.size));
    return file.sha256 ?? hasher?.digest("hex");
  }

  /** Whether `addSmall` may be used for the member now. */
  fits({ header, file }: TarMember): boolean {
    const size = file?.size ?? 0;
    if (size > SMALL || file?.content.kind === "stream") return false;
    return BLOCK + paxSize(header) + size + BLOCK <= CHUNK - this.#used;
  }

  /** As `add`, but at once: an async generator for each small file would cost more than the file. */
  addSmall({ header, file }: TarMember): string | undefined {
    const pax = encodePax(header);
    if (pax !== undefined) {
      pax.copy(this.#buffer, this.#used);
      this.#used += pax.byteLength;
    }
    this.#putHeader(header);
    this.#contentStart = this.#given + this.#used;
    if (file === undefined) return undefined;
    readContentInto(file, this.#buffer, this.#used, this.#slices);
    const content = this.#buffer.subarray(this.#used, this.#used + file.size);
    this.#used += file.size;
    this.#putZeros(paddingOf(file.size));
    if (file.sha256 !== undefined || !this.#options.hashContent) return file.sha256;
    return hash("sha256", content, "hex");
  }

  /** Gives what is collected, and lets the event loop run. */
  async *flush(): AsyncGenerator<Uint8Array> {
    yield this.#buffer.subarray(0, this.#used);
    const given = this.#buffer;
    this.#buffer = this.#spare ?? Buffer.allocUnsafeSlow(CHUNK);
    if (this.#options.reuse) this.#spare = given;
    this.#given += this.#used;
    this.#used = 0;
    await setImmediate();
  }

  /** The end of the archive: two blocks of zeros, and no further padding. */
  async *finish(): AsyncGenerator<Uint8Array> {
    if (2 * BLOCK > CHUNK - this.#used) yield* this.flush();
    this.#putZeros(2 * BLOCK);
    yield this.#buffer.subarray(0, this.#used);
  }

  [Symbol.dispose](): void {
    this.#slices[Symbol.dispose]();
  }

  #putHeader(header: TarHeader): void {
    encodeHeader(header, this.#buffer, this.#used);
    this.#used += BLOCK;
  }

  #putZeros(length: number): void {
    this.#buffer.fill(0, this.#used, this.#used + length);
    this.#used += length;
  }
}

/** No less than what `encodePax` takes, without encoding it twice. */
function paxSize({ name, linkName, xattrs }: TarHeader): number {
  let size = 4 * BLOCK + name.length + linkName.length;
  if (xattrs === undefined) return size;
  for (const [key, value] of xattrs) size += 64 + key.length + value.byteLength;
  return size;
}
