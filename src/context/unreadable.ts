import { BuildError } from "../error.js";
import { isSystemError } from "../sys/system-error.js";

const TOO_LONG = "the path is too long: it may have 4095 bytes, and each name in it 255";

/** A failed system call as something the user can act on; any other error as it is. */
export function unreadable(path: string, cause: unknown): unknown {
  if (cause instanceof BuildError || !(cause instanceof Error) || !isSystemError(cause))
    return cause;
  const denied = isSystemError(cause, "EACCES", "EPERM");
  const hint = denied ? "a .dockerignore can leave it out" : undefined;
  const reason = denied ? "permission denied" : reasonOf(cause);
  return new BuildError("CONTEXT", `Cannot read "${path}": ${reason}`, { cause, hint });
}

function reasonOf(cause: Error): string {
  return isSystemError(cause, "ENAMETOOLONG") ? TOO_LONG : cause.message;
}
