import { BuildError } from "../error.js";
import { isSystemFailure } from "../sys/system-failure.js";
import type { Command } from "./command.js";

/** What `docker run` answers when it could not start: the codes below are the container's. */
const NOT_STARTED = 125;

/**
 * The exit code for what was thrown by a command, or before there was one: 1 failed, 2 wrong usage,
 * 130 interrupted, 70 our bug.
 */
export function exitCodeOf(error: unknown, command?: Command["kind"]): number {
  const first = firstFailure(error);
  if (isInterruption(first)) return 130;
  if (!(first instanceof BuildError) && !isSystemFailure(first)) return 70;
  if (command === "run") return NOT_STARTED;
  return first instanceof BuildError && first.code === "USAGE" ? 2 : 1;
}

function isInterruption(error: unknown): boolean {
  return isAbort(error) || (error instanceof BuildError && error.code === "CANCELLED");
}

/** The failure that came first, where disposing failed too (SuppressedError of `await using`). */
export function firstFailure(error: unknown): unknown {
  if (error instanceof Error && error.name === "SuppressedError" && "suppressed" in error) {
    return firstFailure(error.suppressed);
  }
  return error;
}

/** True for what node's own functions throw when their signal is aborted. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
