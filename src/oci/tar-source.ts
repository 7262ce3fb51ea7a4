import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { ByteReader } from "./byte-reader.js";
import { toHostPath, type BytePath, type Content } from "./changeset.js";
import { invalid } from "./tar-decode.js";
import { paddingOf } from "./tar-header.js";

/**
 * A part of reading a tar. It yields how many bytes it wants where those are not here yet, and goes on with them, or
 * with fewer where the tar ends: waiting for what is here already took longer than all that is done with it.
 */
export type Reading<T> = Generator<number, T, Buffer>;

/** Where the bytes of a tar come from. */
export interface TarSource {
  /** The next `length` bytes, fewer only where the tar ends; undefined when they are not here yet. */
  now(length: number): Buffer | undefined;
  /** Where in the tar the next byte is. */
  readonly position: number;
  /** The content that begins here; what comes next is behind it, and what is left of it then is lost. */
  open(size: number): Reading<Content>;
}

/** Files up to this size are held in memory, bigger ones are streams unless they are here. */
const SMALL = 1 << 16;

/** A tar that comes once, from beginning to end. */
export class StreamSource implements TarSource {
  readonly #reader: ByteReader;
  /** What was not read of the last content, with the padding behind it. */
  #body = { left: 0 };

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#reader = new ByteReader(bytes);
  }

  get position(): number {
    return this.#reader.taken;
  }

  now(length: number): Buffer | undefined {
    return this.#body.left > 0 ? undefined : this.#reader.takeNow(length);
  }

  /** As `now`, and waits for them. */
  async take(length: number): Promise<Buffer> {
    const body = this.#body;
    while (body.left > 0) await this.#some(body, body.left);
    return this.#reader.take(length);
  }

  *open(size: number): Reading<Content> {
    const padding = paddingOf(size);
    const here = this.#reader.takeNow(size + padding);
    if (here === undefined && size > SMALL) return this.#stream(size, padding);
    const bytes = here ?? (yield size + padding);
    if (bytes.byteLength !== size + padding) throw truncated();
    return { kind: "bytes", bytes: bytes.subarray(0, size) };
  }

  #stream(size: number, padding: number): Content {
    const body = { left: size + padding };
    this.#body = body;
    const some = (): Promise<Buffer> => this.#some(body, body.left - padding);
    async function* stream(): AsyncGenerator<Uint8Array> {
      while (body.left > padding) yield await some();
    }
    return { kind: "stream", stream: stream() };
  }

  async #some(body: { left: number }, max: number): Promise<Buffer> {
    const chunk = await this.#reader.takeSome(max);
    if (chunk === undefined) throw truncated();
    body.left -= chunk.byteLength;
    return chunk;
  }

  /** To be called behind the last member: reads the rest, so that whoever verifies the stream sees all of it. */
  finish(): Promise<void> {
    return this.#reader.drain();
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}

/** What one read fetches: headers of many small files, not too much of a big one. */
const WINDOW = 1 << 16;

/** A part of a file, in bytes. */
export interface FileRange {
  readonly start: number;
  readonly end: number;
}

/** A tar in a file of ours, or in a part of it: contents are not read, only told where they are; nothing is waited for. */
export class FileSource implements TarSource, Disposable {
  readonly #path: BytePath;
  readonly #fd: number;
  readonly #end: number;
  #window: Buffer = Buffer.alloc(0);
  #windowStart = 0;
  #at: number;

  constructor(path: BytePath, range?: FileRange) {
    this.#path = path;
    this.#fd = openSync(toHostPath(path), constants.O_RDONLY | constants.O_NOFOLLOW);
    this.#at = range?.start ?? 0;
    this.#end = range?.end ?? fstatSync(this.#fd).size;
  }

  get position(): number {
    return this.#at;
  }

  now(length: number): Buffer {
    const end = this.#windowStart + this.#window.byteLength;
    if (this.#at + length > end)
      this.#fill(Math.min(Math.max(length, WINDOW), this.#end - this.#at));
    const start = this.#at - this.#windowStart;
    const bytes = this.#window.subarray(start, start + length);
    this.#at += bytes.byteLength;
    return bytes;
  }

  *open(size: number): Reading<Content> {
    const offset = this.#at;
    const end = offset + size + paddingOf(size);
    if (end > this.#end) throw truncated();
    this.#at = end;
    return { kind: "file", path: this.#path, offset };
  }

  /** A fresh buffer each time: what was taken from the last one may still be in use. */
  #fill(length: number): void {
    const window = Buffer.allocUnsafeSlow(length);
    let done = 0;
    while (done < length) {
      const got = readSync(this.#fd, window, done, length - done, this.#at + done);
      if (got === 0) break;
      done += got;
    }
    this.#window = window.subarray(0, done);
    this.#windowStart = this.#at;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

/** Why a tar is refused that is shorter than it says. */
export function truncated(): Error {
  return invalid("it ends in the middle of a file");
}
