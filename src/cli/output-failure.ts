import { isSystemError } from "../sys/system-error.js";
import { isSystemFailure, reasonOf } from "../sys/system-failure.js";

/** What a shell reports of a program that SIGPIPE killed. */
const BROKEN_PIPE = 141;

/** What to tell of standard output that takes no more; nothing where its reader has gone, as `head` does. */
export function outputFailure(error: unknown): { readonly code: number; readonly text: string } {
  if (isSystemError(error, "EPIPE")) return { code: BROKEN_PIPE, text: "" };
  const why = isSystemFailure(error) ? reasonOf(error.code) : String(error);
  return { code: 1, text: `ERROR: Cannot write to standard output: ${why}\n` };
}
