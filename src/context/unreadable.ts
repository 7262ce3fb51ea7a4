import { BuildError } from "../error.js";
import { isSystemError } from "../sys/syscalls.js";

/** A failed system call as something the user can act on; any other error as it is. */
export function unreadable(path: string, cause: unknown): unknown {
  if (cause instanceof BuildError || !(cause instanceof Error) || !isSystemError(cause))
    return cause;
  const denied = isSystemError(cause, "EACCES", "EPERM");
  const reason = denied ? "permission denied" : cause.message;
  const hint = denied ? "a .dockerignore can leave it out" : undefined;
  return new BuildError("CONTEXT", `Cannot read "${path}": ${reason}`, { cause, hint });
}
