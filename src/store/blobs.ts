import { readFileSync, statSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../error.js";
import { digestOf, hexOf, parseDigest, type Digest } from "../oci/digest.js";
import { fileBytes } from "../oci/file-bytes.js";
import { Measured } from "../oci/measured.js";
import { verified, type Promised } from "../oci/verified.js";
import { isSystemError } from "../sys/system-error.js";
import { diskError } from "./disk-error.js";
import type { Holds } from "./holds.js";
import { NewFile, publishBytes } from "./new-file.js";
import { PassingBlob } from "./passing-blob.js";

type Bytes = AsyncIterable<Uint8Array>;

/** What `Blobs` works with. */
export interface BlobsOptions {
  readonly directory: string;
  /** This process's own directory on the same filesystem. */
  readonly work: string;
  readonly holds: Holds;
}

/**
 * Content-addressed files, immutable. A file that is there is whole and what its name says. What this
 * process reads, writes or looks for stays while it lives.
 */
export class Blobs {
  readonly #directory: string;
  readonly #work: string;
  readonly #holds: Holds;
  #created = 0;

  constructor({ directory, work, holds }: BlobsOptions) {
    this.#directory = directory;
    this.#work = work;
    this.#holds = holds;
  }

  /** Where the blob is, or would be. */
  path(digest: Digest): string {
    return join(this.#directory, hexOf(digest));
  }

  async has(digest: Digest): Promise<boolean> {
    await this.#holds.hold(digest);
    return (await this.size(digest)) !== undefined;
  }

  /** Its size in bytes; undefined when it is not there. It may be gone the next moment. */
  // eslint-disable-next-line @typescript-eslint/require-await -- a throw must become a rejection
  async size(digest: Digest): Promise<number | undefined> {
    try {
      return statSync(this.path(digest), { throwIfNoEntry: false })?.size;
    } catch (error) {
      throw diskError(`look for blob ${digest}`, error);
    }
  }

  /** Streams the blob; STORE when it is missing. */
  async *read(digest: Digest): AsyncGenerator<Uint8Array> {
    await this.#holds.hold(digest);
    try {
      yield* fileBytes(this.path(digest));
    } catch (error) {
      throw missing(digest, error);
    }
  }

  /** The whole of a small blob, such as a config, verified. */
  async readWhole(digest: Digest): Promise<Buffer> {
    await this.#holds.hold(digest);
    return await this.peek(digest);
  }

  /** As `readWhole`, of a blob that may be removed the next moment. */
  // eslint-disable-next-line @typescript-eslint/require-await -- a throw must become a rejection
  async peek(digest: Digest): Promise<Buffer> {
    const bytes = this.#readNow(digest);
    if (digestOf(bytes) === digest) return bytes;
    throw new BuildError("STORE", `Cannot read blob ${digest}: it is damaged on disk`);
  }

  /** A detour over another thread would take several times as long as reading it. */
  #readNow(digest: Digest): Buffer {
    try {
      return readFileSync(this.path(digest));
    } catch (error) {
      throw missing(digest, error);
    }
  }

  /**
   * Makes sure that these bytes are stored, and tells what they are. With `want` they are verified,
   * and not read at all when the blob is there already.
   */
  async write(bytes: Bytes, want?: Promised, signal?: AbortSignal): Promise<Promised> {
    if (want !== undefined && (await this.has(want.digest))) return want;
    const measured = new Measured(bytes);
    await using file = await this.#create();
    for await (const chunk of want === undefined ? measured : verified(bytes, want)) {
      signal?.throwIfAborted();
      await file.write(chunk);
    }
    const stored = want ?? measured.result();
    await this.#publish(file, stored.digest);
    return stored;
  }

  /** As `write`, of the few bytes of a config or a manifest. */
  async writeWhole(bytes: Uint8Array): Promise<Promised> {
    const stored = { digest: digestOf(bytes), size: bytes.byteLength };
    if (await this.has(stored.digest)) return stored;
    await publishBytes(bytes, { temporary: this.#newPath(), path: this.path(stored.digest) });
    return stored;
  }

  /** Passes bytes on and stores them on the way, when they are what `want` names. */
  keeping(bytes: Bytes, want: Promised): PassingBlob {
    return new PassingBlob(verified(bytes, want), {
      create: () => this.#create(),
      publish: (file) => this.#publish(file, want.digest),
    });
  }

  /** Takes a blob away; succeeds when already gone. The caller knows that nobody needs it. */
  async remove(digest: Digest): Promise<void> {
    await rm(this.path(digest), { force: true });
  }

  /** Every blob, in no order. What else is there (NFS keeps removed files as .nfs…) is nobody's. */
  async list(): Promise<readonly Digest[]> {
    const names = await readdir(this.#directory);
    const blobs = names.filter((name) => /^[0-9a-f]{64}$/.test(name));
    return blobs.map((name) => parseDigest(`sha256:${name}`));
  }

  /** Held first: else who removes an equal one could take this one away. */
  async #publish(file: NewFile, digest: Digest): Promise<void> {
    await this.#holds.hold(digest);
    await file.publish(this.path(digest));
  }

  #create(): Promise<NewFile> {
    return NewFile.create(this.#newPath());
  }

  #newPath(): string {
    return join(this.#work, `blob-${++this.#created}`);
  }
}

function missing(digest: Digest, error: unknown): unknown {
  if (!isSystemError(error, "ENOENT")) return diskError(`read blob ${digest}`, error);
  return new BuildError("STORE", `Cannot read blob ${digest}: it is not in the store`);
}
