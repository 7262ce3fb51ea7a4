/** Says that a build goes on without being kept in full, and why. */
export function notWhole(failure: unknown): string {
  const why = failure instanceof Error ? failure.message : "";
  return `the history of this build is not whole: ${why}`;
}
