/** What steps may leave to be done at the same time. */
const MOST_LEFT = 100;

/**
 * What ended steps have left to be done beside later ones, such as bringing layers to the disk. A thousand
 * COPY steps are faster than the disk, and each that waits for it holds locks and open files.
 */
export class Afterwork {
  readonly #fail: (error: unknown) => void;
  readonly #left = new Set<Promise<void>>();

  constructor(fail: (error: unknown) => void) {
    this.#fail = fail;
  }

  /** Begins to wait for `work`. */
  add(work: Promise<void>): void {
    const done = work.catch(this.#fail).then(() => void this.#left.delete(done));
    this.#left.add(done);
  }

  /** Waits until there is room for what one more step leaves. */
  async keepUp(): Promise<void> {
    while (this.#left.size >= MOST_LEFT) await Promise.race(this.#left);
  }

  /** Waits for all of it; the caller adds no more. */
  async rest(): Promise<void> {
    await Promise.all(this.#left);
  }
}
