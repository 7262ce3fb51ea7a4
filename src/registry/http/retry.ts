import { systemClock, type Clock } from "./clock.js";
import { codeOf } from "./error-code.js";
import { HttpError } from "./http-error.js";

/** Waits between tries, in milliseconds, when the server does not name a time itself. */
export const defaultDelays: readonly number[] = [1000, 2000, 4000, 8000];

/** When to try again. */
export interface Retries {
  /** One before each further try, in milliseconds. */
  readonly delays: readonly number[];
  readonly clock?: Clock | undefined;
}

/** A server that wants a longer pause than this is told to the user instead. */
const longestPause = 60_000;

/** Runs `attempt` until it succeeds, fails for good, or the delays are used up. */
export async function retried<T>(
  attempt: () => Promise<T>,
  { delays, clock }: Retries,
  signal?: AbortSignal,
): Promise<T> {
  for (const delay of delays) {
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      await pause(error, { delay, clock }, signal);
    }
  }
  return attempt();
}

/** Waits before the next try; throws `error` where another one cannot help. */
export async function pause(
  error: unknown,
  { delay, clock = systemClock }: Pause,
  signal?: AbortSignal,
): Promise<void> {
  const wait = retryAfterOf(error) ?? delay;
  if (!isTransient(error) || wait > longestPause) throw error;
  await clock.sleep(wait, signal);
}

interface Pause {
  readonly delay: number;
  readonly clock?: Clock | undefined;
}

function retryAfterOf(error: unknown): number | undefined {
  return error instanceof HttpError ? error.retryAfter : undefined;
}

const transientStatuses: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
const transientCodes: ReadonlySet<string> = new Set([
  "EAI_AGAIN",
  "ECONNABORTED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
]);

/** Whether another try may end better. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof HttpError)) return transientCodes.has(codeOf(error) ?? "");
  if (error.status !== undefined) return transientStatuses.has(error.status);
  return transientCodes.has(codeOf(error.cause) ?? "");
}

/** Reads a Retry-After header (RFC 9110, 10.2.3) as milliseconds from `now`. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
