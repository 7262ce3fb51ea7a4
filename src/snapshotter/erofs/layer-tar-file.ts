import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { OutFile } from "./out-file.js";

/** Of a tar that is kept in memory, in bytes. */
const SMALL = 1 << 16;

/**
 * The tar of a new layer. A small one is only written when it is kept, because of many a step the layer is
 * known, and dropped: two files that come and go take as long as making what is in them.
 */
export class LayerTarFile implements Disposable {
  readonly #path: string;
  #small: Buffer[] = [];
  #size = 0;
  #file: OutFile | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Whether nothing of it is written yet. */
  get isSmall(): boolean {
    return this.#file === undefined;
  }

  /** To be waited for before anything else is done with it. */
  async append(bytes: Uint8Array): Promise<void> {
    this.#size += bytes.byteLength;
    if (this.#file === undefined && this.#size <= SMALL) this.#small.push(Buffer.from(bytes));
    else await this.#open().append(bytes);
  }

  /** Writes a small one, and ends. */
  keep(): void {
    this.#open();
    this[Symbol.dispose]();
  }

  #open(): OutFile {
    if (this.#file !== undefined) return this.#file;
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o755 });
    this.#file = OutFile.create(this.#path);
    this.#file.write(Buffer.concat(this.#small));
    this.#small = [];
    return this.#file;
  }

  [Symbol.dispose](): void {
    this.#file?.[Symbol.dispose]();
    this.#file = undefined;
  }
}
