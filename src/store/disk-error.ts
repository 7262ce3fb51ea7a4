import { BuildError } from "../error.js";
import { isSystemError } from "../sys/system-error.js";
import { reasonOf } from "../sys/system-failure.js";

/**
 * What the user is told when the disk under the store refuses: NO_SPACE when it is full, STORE
 * otherwise. `action` completes "Cannot …". Errors that are none of the disk's pass unchanged.
 */
export function diskError(action: string, error: unknown): unknown {
  if (error instanceof BuildError || !isSystemError(error)) return error;
  const { code } = error;
  if (code === "ENOSPC" || code === "EDQUOT") return noSpace(error, action);
  return new BuildError("STORE", `Cannot ${action}: ${reasonOf(code)}`, { cause: error });
}

/** The disk under the store is full. */
export function noSpace(cause: Error, action = "write to the store"): BuildError {
  return new BuildError("NO_SPACE", `Cannot ${action}: no space left`, {
    hint: `free some space, for example with "tsbuild prune"`,
    cause,
  });
}
