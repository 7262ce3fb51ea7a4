import { median } from "./statistics.js";
import type { Measured } from "./turns.js";
import type { Workload } from "./workload.js";

/** One workload and what each builder needed for it, ours first. */
export interface Result {
  readonly workload: Pick<Workload, "name" | "title">;
  readonly measured: readonly Measured[];
}

/** What stands above the lines of every workload. */
export const heading = line(["workload", "builder", "median", "min", "ours/theirs", "peak memory"]);

/** A line for each builder: median, fastest turn, our median divided by its, our peak memory. */
export function linesOf(result: Result): string {
  return rowsOf(result).map(line).join("\n");
}

function rowsOf({ workload, measured }: Result): readonly (readonly string[])[] {
  const ours = median(measured[0]?.seconds ?? []);
  return measured.map(({ builder, seconds, peakMemory }, index) => [
    index === 0 ? workload.name : "",
    builder,
    `${median(seconds).toFixed(3)} s`,
    `${Math.min(...seconds).toFixed(3)} s`,
    index === 0 ? "" : (ours / median(seconds)).toFixed(2),
    peakMemory === undefined ? "" : `${(peakMemory / 1e6).toFixed(0)} MB`,
  ]);
}

function line(cells: readonly string[]): string {
  const widths = [17, 15, 10, 10, 12, 12];
  return cells
    .map((cell, index) =>
      index < 2 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0),
    )
    .join(" ")
    .trimEnd();
}
