import { setTimeout } from "node:timers/promises";

/** Time as it passes for connections; tests bring their own. */
export interface Clock {
  /** In milliseconds since the epoch. */
  now(): number;
  /** Waits; throws the signal's reason when that is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's own. */
export const systemClock: Clock = {
  now: Date.now,
  async sleep(milliseconds, signal) {
    await setTimeout(milliseconds, undefined, { signal }).catch(() => signal?.throwIfAborted());
  },
};
