import type { BuildTotals } from "../builder/event.js";
import { formatBytes, formatSeconds } from "./format.js";

/** "Built in 3.4s: 5 steps cached, 2 run, 41.2s saved, 12MB written, 4MB sent", without what is zero. */
export function summaryText({ ms, cached, run, savedMs, written, sent }: BuildTotals): string {
  const parts = [
    `${cached} ${cached === 1 ? "step" : "steps"} cached`,
    `${run} run`,
    ...(savedMs >= 50 ? [`${formatSeconds(savedMs)} saved`] : []),
    ...(written > 0 ? [`${formatBytes(written)} written`] : []),
    ...(sent > 0 ? [`${formatBytes(sent)} sent`] : []),
  ];
  return `Built in ${formatSeconds(ms)}: ${parts.join(", ")}`;
}
