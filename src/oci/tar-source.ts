import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { ByteReader } from "./byte-reader.js";
import { toHostPath, type BytePath, type Content } from "./changeset.js";
import { invalid } from "./tar-decode.js";
import { paddingOf } from "./tar-header.js";

/** Where the bytes of a tar come from. */
export interface TarSource {
  /** The next `length` bytes; fewer only where the tar ends. */
  take(length: number): Promise<Buffer>;
  /** Where in the tar the next byte is. */
  readonly position: number;
  /** The content that begins here. */
  open(size: number): Promise<TarBody>;
  /** To be called behind the last member. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

/** The content of one member, up to the next header. */
export interface TarBody {
  readonly content: Content;
  /** Goes past what was not read. */
  skip(): Promise<void>;
}

/** Files up to this size are held in memory, bigger ones are streams. */
const SMALL = 1 << 16;

/** A tar that comes once, from beginning to end. */
export class StreamSource implements TarSource {
  readonly #reader: ByteReader;

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#reader = new ByteReader(bytes);
  }

  get position(): number {
    return this.#reader.taken;
  }

  take(length: number): Promise<Buffer> {
    return this.#reader.take(length);
  }

  async open(size: number): Promise<TarBody> {
    const padding = paddingOf(size);
    if (size > SMALL) return this.#stream(size, padding);
    const bytes = await this.#reader.take(size + padding);
    if (bytes.byteLength !== size + padding) throw truncated();
    const content = { kind: "bytes", bytes: bytes.subarray(0, size) } as const;
    return { content, skip: () => Promise.resolve() };
  }

  #stream(size: number, padding: number): TarBody {
    let left = size + padding;
    const some = async (max: number): Promise<Buffer> => {
      const chunk = await this.#reader.takeSome(max);
      if (chunk === undefined) throw truncated();
      left -= chunk.byteLength;
      return chunk;
    };
    async function* stream(): AsyncGenerator<Uint8Array> {
      while (left > padding) yield await some(left - padding);
    }
    const skip = async (): Promise<void> => {
      while (left > 0) await some(left);
    };
    return { content: { kind: "stream", stream: stream() }, skip };
  }

  /** Reads the rest, so that whoever verifies the stream sees all of it. */
  finish(): Promise<void> {
    return this.#reader.drain();
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}

/** What one read fetches: headers of many small files, not too much of a big one. */
const WINDOW = 1 << 16;

/** A tar in a file of ours: contents are not read, only told where they are. */
export class FileSource implements TarSource {
  readonly #path: BytePath;
  readonly #fd: number;
  readonly #size: number;
  #window: Buffer = Buffer.alloc(0);
  #windowStart = 0;
  #at = 0;

  constructor(path: BytePath) {
    this.#path = path;
    this.#fd = openSync(toHostPath(path), constants.O_RDONLY | constants.O_NOFOLLOW);
    this.#size = fstatSync(this.#fd).size;
  }

  get position(): number {
    return this.#at;
  }

  take(length: number): Promise<Buffer> {
    const end = this.#windowStart + this.#window.byteLength;
    if (this.#at + length > end) this.#fill(Math.max(length, WINDOW));
    const start = this.#at - this.#windowStart;
    const bytes = this.#window.subarray(start, start + length);
    this.#at += bytes.byteLength;
    return Promise.resolve(bytes);
  }

  open(size: number): Promise<TarBody> {
    const offset = this.#at;
    const end = offset + size + paddingOf(size);
    if (end > this.#size) throw truncated();
    this.#at = end;
    const content = { kind: "file", path: this.#path, offset } as const;
    return Promise.resolve({ content, skip: () => Promise.resolve() });
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

  finish(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    closeSync(this.#fd);
    return Promise.resolve();
  }
}

/** Why a tar is refused that is shorter than it says. */
export function truncated(): Error {
  return invalid("it ends in the middle of a file");
}
