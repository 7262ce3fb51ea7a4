import { BuildError } from "../error.js";
import { isSystemError } from "../sys/system-error.js";

/**
 * What the user is told when the disk under the store refuses: NO_SPACE when it is full, STORE
 * otherwise. `action` completes "Cannot …". Errors that are none of the disk's pass unchanged.
 */
export function diskError(action: string, error: unknown): unknown {
  if (error instanceof BuildError || !(error instanceof Error) || !isSystemError(error)) {
    return error;
  }
  if (isSystemError(error, "ENOSPC", "EDQUOT")) {
    return noSpace(error, action);
  }
  return new BuildError("STORE", `Cannot ${action}: ${error.message}`, { cause: error });
}

/** The disk under the store is full. */
export function noSpace(cause: Error, action = "write to the store"): BuildError {
  return new BuildError("NO_SPACE", `Cannot ${action}: no space left`, {
    hint: `free some space, for example with "tsbuild prune"`,
    cause,
  });
}
