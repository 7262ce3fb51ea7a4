import { closeSync, fstatSync, openSync, read, readSync } from "node:fs";
import { promisify } from "node:util";
import { toBytePath, type Entry } from "../../oci/changeset.js";
import { readLayerTarFile } from "../../oci/layer-tar.js";
import { BLOCK, paddingOf, tarTypes } from "../../oci/tar-header.js";
import type { ContentPlace } from "./inode-bytes.js";
import { readParts, tarFiles, type TarPart } from "./layer-place.js";

const readLater = promisify(read);

/** What is read at a time to be hashed: each piece goes between threads twice. */
const PIECE = 1 << 20;

/** So many bytes are read sooner than another thread is asked to. */
const LITTLE = 1 << 16;

/** For those who keep or compress the pieces: smaller ones cost more than they are worth. */
const READ_SIZE = 1 << 18;

/** The bytes of the tar of a layer. The next piece is read while one is used. */
export async function* storedTar(layer: string): AsyncGenerator<Uint8Array> {
  using tar = new StoredTar(layer);
  let next: Promise<Uint8Array> | undefined;
  try {
    for (let at = 0; at < tar.size; at += READ_SIZE) {
      const piece = await (next ?? tar.read(at, READ_SIZE));
      next = at + READ_SIZE < tar.size ? tar.read(at + READ_SIZE, READ_SIZE) : undefined;
      next?.catch(() => undefined); // waited for when it is asked for: until then nobody would handle it
      yield piece;
    }
  } finally {
    await next?.catch(() => undefined); // the file must stay open as long
  }
}

/** The entries in the tar of a layer that we wrote. */
export async function* readStoredLayer(layer: string): AsyncGenerator<Entry> {
  const files = tarFiles(layer).map(toBytePath);
  for (const { device, ...range } of readParts(layer))
    yield* readLayerTarFile(fileOf(files, device), range);
}

function fileOf<T>(files: readonly T[], device: number): T {
  const file = files[device - 1];
  if (file === undefined) throw new Error("a file of the tar of a layer is missing");
  return file;
}

/** A part, and where in the tar it begins. */
interface PlacedPart extends TarPart {
  readonly at: number;
}

/** The tar of a layer that we wrote, to be looked at anywhere. */
export class StoredTar implements Disposable {
  readonly #fds: readonly number[];
  readonly #parts: readonly PlacedPart[];
  /** In bytes. */
  readonly size: number;
  /** Bytes of each of its files. */
  readonly fileSizes: readonly number[];
  #last: Buffer | undefined;
  #spare: Buffer | undefined;

  constructor(layer: string) {
    const parts: PlacedPart[] = [];
    let at = 0;
    for (const part of readParts(layer)) {
      parts.push({ ...part, at });
      at += part.end - part.start;
    }
    this.#parts = parts;
    this.size = at;
    this.#fds = openAll(tarFiles(layer));
    this.fileSizes = this.#fds.map((fd) => fstatSync(fd).size);
  }

  /** Where in the tar a place in one of its files is. */
  locate({ device, offset }: ContentPlace): number | undefined {
    const part = this.#parts.find(
      (one) => one.device === device && offset >= one.start && offset < one.end,
    );
    return part && part.at + offset - part.start;
  }

  /** A piece of it. */
  slice(from: number, to: number): readonly TarPart[] {
    const parts: TarPart[] = [];
    for (let i = this.#numberAt(from); from < to; i++) {
      const { device, start, end, at } = fileOf(this.#parts, i + 1);
      const first = start + from - at;
      const last = Math.min(end, start + to - at);
      parts.push({ device, start: first, end: last });
      from += last - first;
    }
    return parts;
  }

  /** Whether these bytes are there, all in one part. */
  has(at: number, bytes: Buffer): boolean {
    return at >= 0 && this.#read(at, bytes.byteLength).equals(bytes);
  }

  /** Where the member begins whose headers these are; it comes among those without content from `at` on. */
  find(headers: Buffer, at: number): number | undefined {
    for (let member = at; member < this.size; member += this.#headersAt(member))
      if (this.has(member, headers)) return member;
    return undefined;
  }

  /** Bytes of the headers of a member: a second one stands before that which cannot say all. */
  #headersAt(at: number): number {
    const header = this.#read(at, BLOCK);
    if (header.toString("latin1", 156, 157) !== tarTypes.pax) return BLOCK;
    const size = Number.parseInt(header.toString("latin1", 124, 135), 8);
    return BLOCK + size + paddingOf(size) + BLOCK;
  }

  #read(from: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    const part = this.#parts[this.#numberAt(from)];
    if (part === undefined) return bytes.subarray(0, 0);
    const { device, start, end, at } = part;
    const first = start + from - at;
    const most = Math.min(length, end - first);
    return bytes.subarray(0, readSync(fileOf(this.#fds, device), bytes, 0, most, first));
  }

  /** Which part that byte is in. */
  #numberAt(byte: number): number {
    let [low, high] = [0, this.#parts.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { start, end, at } = fileOf(this.#parts, middle + 1);
      if (at + end - start <= byte) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** A part of it, in a buffer of its own: so many bytes, fewer where it ends. */
  read(from: number, length: number): Promise<Uint8Array> {
    return this.#fill(Buffer.allocUnsafeSlow(Math.min(length, this.size - from)), from);
  }

  /** What comes from there on. A piece is valid only until the second one after it is asked for. */
  async *pieces(from: number): AsyncGenerator<Uint8Array> {
    for (let at = from; at < this.size; at += PIECE)
      yield await this.#fill(this.#next().subarray(0, this.size - at), at);
  }

  async #fill(piece: Buffer, from: number): Promise<Uint8Array> {
    let done = 0;
    for (const { device, start, end } of this.slice(from, from + piece.byteLength)) {
      const part = piece.subarray(done, done + end - start);
      await readAll(fileOf(this.#fds, device), part, start);
      done += part.byteLength;
    }
    return piece;
  }

  /** Two by turns. */
  #next(): Buffer {
    const next = this.#spare ?? Buffer.allocUnsafeSlow(PIECE);
    this.#spare = this.#last;
    this.#last = next;
    return next;
  }

  [Symbol.dispose](): void {
    for (const fd of this.#fds) closeSync(fd);
  }
}

/** All of them, or none. */
function openAll(paths: readonly string[]): readonly number[] {
  const fds: number[] = [];
  try {
    for (const path of paths) fds.push(openSync(path, "r"));
    return fds;
  } catch (error) {
    for (const fd of fds) closeSync(fd);
    throw error;
  }
}

async function readAll(fd: number, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength;) {
    const left = bytes.byteLength - done;
    const got =
      left < LITTLE
        ? readSync(fd, bytes, done, left, position + done)
        : (await readLater(fd, bytes, done, left, position + done)).bytesRead;
    if (got === 0) throw new Error("the tar of a layer has become shorter");
    done += got;
  }
}
