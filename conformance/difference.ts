/** Lines that only one of two texts has, in their order: "-" of the first one, "+" of the second. */
export function difference(expected: string, got: string): string {
  const [wanted, found] = [expected.split("\n"), got.split("\n")];
  const missing = wanted.filter((line) => !found.includes(line)).map((line) => `- ${line}`);
  const extra = found.filter((line) => !wanted.includes(line)).map((line) => `+ ${line}`);
  const lines = [...missing, ...extra];
  return lines.length > 0 ? lines.join("\n") : `the same lines in another order:\n${got}`;
}
