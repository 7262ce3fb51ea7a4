import { setImmediate } from "node:timers/promises";
import { SHARE_ENV, Worker } from "node:worker_threads";
import type { ContentSpool, SpoolRegion } from "../oci/content-spool.js";
import { lessInlining } from "../sys/less-inlining.js";
import { readFiles, type FilesRead } from "./read-files.js";
import type { FileIndex } from "./file-index.js";
import { ReadingBatch, type UnreadFile } from "./reading-batch.js";

/** Batches that the other thread has, so that it need not wait until this one comes to give it more. */
const MOST_GIVEN = 4;
/** Those that wait for it before this one reads, too. */
const MOST_WAITING = 8;

/** A batch with its place in the spool. */
interface Placed {
  readonly number: number;
  readonly batch: ReadingBatch;
  readonly region: SpoolRegion;
}

interface ReadingQueueOptions {
  readonly spool: ContentSpool;
  /** Is told of the digests. */
  readonly index: FileIndex | undefined;
  /** The path of the script of the other thread. */
  readonly script: string;
}

/**
 * Reads small files on another thread while this one looks at more of them, and helps when it is ahead. What comes
 * of it does not depend on who reads what (docs/adr/0009-two-threads-read-new-files.md).
 */
export class ReadingQueue {
  readonly #spool: ContentSpool;
  readonly #index: FileIndex | undefined;
  /** The other thread, while there is one. */
  #worker: Worker | undefined;
  #open: ReadingBatch;
  #count = 0;
  readonly #waiting: Placed[] = [];
  /** What the other thread has; it answers in that order. */
  readonly #given: Placed[] = [];
  #failure: { readonly number: number; readonly error: unknown } | undefined;
  #wake = (): void => undefined;

  constructor({ spool, index, script }: ReadingQueueOptions) {
    this.#spool = spool;
    this.#index = index;
    this.#open = new ReadingBatch(index);
    void lessInlining();
    this.#worker = start(script);
    this.#worker?.on("message", (read: FilesRead) => {
      const first = this.#given.shift();
      if (first !== undefined) this.#settle(first, read);
      this.#feed();
      this.#wake();
    });
    this.#worker?.on("error", () => undefined); // its end, which follows, is what counts
    this.#worker?.on("exit", () => {
      this.#worker = undefined;
      this.#waiting.unshift(...this.#given.splice(0));
      this.#wake();
    });
  }

  /** Has a file read until `finish` is done; answers the batch that it is in. */
  add(file: UnreadFile): ReadingBatch {
    if (!this.#open.takes(file)) this.#close();
    this.#open.add(file);
    return this.#open;
  }

  /** Reads what is left. Fails as the first file does that cannot be read, in the order in which they were added. */
  async finish(): Promise<void> {
    try {
      this.#close();
      await this.#readAll();
    } finally {
      void this.#worker?.terminate(); // it has nothing left to do, and nobody waits for its end
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #readAll(): Promise<void> {
    while (this.#waiting.length + this.#given.length > 0) {
      if (this.#waiting.length === 0) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      } else {
        this.#readNext();
        await setImmediate(); // answers of the other thread come in between
      }
    }
  }

  /** What follows goes into another batch. */
  #close(): void {
    const batch = this.#open;
    this.#open = new ReadingBatch(this.#index);
    if (batch.size === 0) return;
    const region = this.#spool.reserve(batch.size);
    this.#waiting.push({ number: this.#count++, batch, region });
    this.#feed();
    if (this.#waiting.length > MOST_WAITING) this.#readNext();
  }

  #feed(): void {
    while (this.#worker !== undefined && this.#given.length < MOST_GIVEN) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#given.push(next);
      this.#worker.postMessage(next.batch.toRead(next.region));
    }
  }

  #readNext(): void {
    const next = this.#waiting.shift();
    if (next !== undefined) this.#settle(next);
  }

  /** What the other thread read of a batch; without that, this one reads it. */
  #settle({ number, batch, region }: Placed, read?: FilesRead): void {
    using _closing = batch;
    try {
      batch.settle(read ?? readFiles(batch.toRead(region)), region);
    } catch (error) {
      if (this.#failure === undefined || number < this.#failure.number)
        this.#failure = { number, error };
    }
  }
}

/** Undefined where this account may have no more threads. */
function start(script: string): Worker | undefined {
  try {
    return new Worker(script, { env: SHARE_ENV });
  } catch {
    return undefined;
  }
}
