/** Lines that only one of two texts has, in their order: "-" of the first one, "+" of the second. */
export function difference(expected: string, got: string): string {
  const [wanted, found] = [expected.split("\n"), got.split("\n")];
  const missing = without(wanted, found).map((line) => `- ${line}`);
  const extra = without(found, wanted).map((line) => `+ ${line}`);
  const lines = [...missing, ...extra];
  return lines.length > 0 ? lines.join("\n") : `the same lines in another order:\n${got}`;
}

/** Each line of `others` takes one away. */
function without(lines: readonly string[], others: readonly string[]): readonly string[] {
  const left = [...others];
  return lines.filter((line) => {
    const index = left.indexOf(line);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
}
