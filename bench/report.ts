import { median } from "./statistics.js";
import type { Measured } from "./turns.js";
import type { Workload } from "./workload.js";

/** One workload and what each builder needed for it, ours first. */
export interface Result {
  readonly workload: Workload;
  readonly measured: readonly Measured[];
}

/** A line for each builder: median, fastest turn, our median divided by its, our peak memory. */
export function table(results: readonly Result[]): string {
  const rows = results.flatMap(rowsOf);
  return [header, ...rows].map(line).join("\n");
}

const header = ["workload", "builder", "median", "min", "ours/theirs", "peak memory"];

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

const widths = [17, 15, 10, 10, 12, 12];

function line(cells: readonly string[]): string {
  return cells
    .map((cell, index) =>
      index < 2 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0),
    )
    .join(" ")
    .trimEnd();
}
