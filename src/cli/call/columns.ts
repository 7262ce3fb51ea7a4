/** Columns as the answers of `docker buildx build --call` have them: every cell but a line's last is filled up. */
export function formatColumns(rows: readonly (readonly string[])[], gap: number): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length + gap);
  }
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join("");
  return rows.map((row) => `${line(row)}\n`).join("");
}
