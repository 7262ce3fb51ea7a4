import type { Clock } from "../../../src/registry/http/clock.js";

/** A clock that only goes on when somebody sleeps, and then at once. */
export class FakeClock implements Clock {
  /** How long each sleep was, in milliseconds. */
  readonly slept: number[] = [];
  #now = Date.parse("2026-01-01T00:00:00Z");

  now(): number {
    return this.#now;
  }

  async sleep(milliseconds: number): Promise<void> {
    this.slept.push(milliseconds);
    this.#now += milliseconds;
    await Promise.resolve();
  }
}
