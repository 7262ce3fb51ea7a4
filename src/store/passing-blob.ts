import { blocks } from "../oci/blocks.js";
import { writingAlong } from "../oci/writing-along.js";
import type { NewFile } from "./new-file.js";

/** Bytes that are written at once: what comes from a network comes in pieces that cost more than they hold. */
const PIECE = 1 << 20;

/** Where the bytes of a blob go on their way. */
export interface BlobKeeper {
  readonly create: () => Promise<NewFile>;
  readonly publish: (file: NewFile) => Promise<void>;
}

/** A blob that is stored while somebody else reads it: each piece is written while the next one comes. */
export class PassingBlob implements AsyncDisposable {
  readonly #bytes: AsyncIterable<Uint8Array>;
  readonly #keeper: BlobKeeper;
  #storing: Promise<void> | undefined;

  /** The bytes must fail where they are not what they should be. */
  constructor(bytes: AsyncIterable<Uint8Array>, keeper: BlobKeeper) {
    this.#bytes = bytes;
    this.#keeper = keeper;
  }

  /** The bytes, once. Their end does not wait until they are on the disk. */
  async *read(): AsyncGenerator<Uint8Array> {
    const file = await this.#keeper.create();
    try {
      yield* writingAlong(blocks(this.#bytes, PIECE), (piece) => file.write(piece));
      this.#storing = this.#publish(file);
      this.#storing.catch(() => undefined); // thrown to who asks
    } finally {
      if (this.#storing === undefined) await file[Symbol.asyncDispose]();
    }
  }

  async #publish(file: NewFile): Promise<void> {
    await using _file = file;
    await this.#keeper.publish(file);
  }

  /** Whether it is in the store: not where nobody read it to its end. */
  async stored(): Promise<boolean> {
    await this.#storing;
    return this.#storing !== undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#storing?.catch(() => undefined);
  }
}
