import { messageOf } from "../../sys/system-failure.js";

/** Says that a build goes on without being kept in full, and why. */
export function notWhole(failure: unknown): string {
  return `the history of this build is not whole: ${messageOf(failure)}`;
}
