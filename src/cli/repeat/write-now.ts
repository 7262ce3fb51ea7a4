import { writeSync } from "node:fs";
import { isSystemError } from "../../sys/system-error.js";
import { outputFailure } from "../output-failure.js";

/** Writes to standard output or standard error. False where a pipe that does not block has no room yet, and node will go on. */
export function writeNow(fd: 1 | 2, text: string): boolean {
  let left = Buffer.from(text);
  try {
    while (left.length > 0) left = left.subarray(writeSync(fd, left));
  } catch (error) {
    if (isSystemError(error, "EAGAIN")) {
      (fd === 1 ? process.stdout : process.stderr).write(left);
      return false;
    }
    if (fd === 2) return true; // nobody is left to tell
    const { code, text: why } = outputFailure(error);
    writeNow(2, why);
    process.exit(code);
  }
  return true;
}
