import { printable } from "../../progress/terminal-text.js";

/** Columns as docker prints them: every cell but a line's last is filled up, `gap` blanks between. */
export function formatColumns(
  rows: readonly (readonly string[])[],
  gap: number,
  least = 0,
): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) {
      widths[i] = Math.max(widths[i] ?? least, cell.length + gap);
    }
  }
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join("");
  return rows.map((row) => `${line(row)}\n`).join("");
}

/** The table of a list command, without blanks at the ends of lines; what others wrote only shows characters. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const clean = rows.map((row) => row.map(printable));
  return formatColumns(clean, 3, 10).replace(/ +$/gm, "");
}
