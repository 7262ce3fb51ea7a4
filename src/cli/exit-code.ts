import { BuildError } from "../error.js";
import { isSystemFailure } from "./system-error.js";

/** The exit code for what was thrown: 1 build failed, 2 wrong usage, 130 interrupted, 70 our bug. */
export function exitCodeOf(error: unknown): number {
  const first = firstFailure(error);
  if (first instanceof BuildError) {
    if (first.code === "CANCELLED") return 130;
    return first.code === "USAGE" ? 2 : 1;
  }
  if (isAbort(first)) return 130;
  return isSystemFailure(first) ? 1 : 70;
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
