import type { Locks } from "./locks.js";

/** One lock for the whole store: whoever uses it holds it shared, whoever removes what no record names alone. */
const NAME = "lease";

/** This process's right to find in the store tomorrow what it found today. */
export class Lease implements AsyncDisposable {
  readonly #locks: Locks;
  #held: AsyncDisposable | undefined;

  private constructor(locks: Locks, held: AsyncDisposable) {
    this.#locks = locks;
    this.#held = held;
  }

  /** Waits while another process removes things. */
  static async take(locks: Locks, signal?: AbortSignal): Promise<Lease> {
    return new Lease(locks, await locks.share(NAME, signal));
  }

  /** Does `work` while no other process has the store open; tells whether that was possible. */
  async tryAlone(work: () => Promise<void>): Promise<boolean> {
    await this.#release();
    const alone = this.#locks.tryLock(NAME);
    try {
      if (alone !== undefined) await work();
      return alone !== undefined;
    } finally {
      await alone?.[Symbol.asyncDispose]();
      this.#held = await this.#locks.share(NAME);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#release();
  }

  async #release(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    await held?.[Symbol.asyncDispose]();
  }
}
