import { once } from "node:events";
import type { Writable } from "node:stream";
import { BuildError } from "../../error.js";
import type { BuildHistory, BuildRecord } from "../../progress/history/build-history.js";
import { findStep } from "../../progress/history/find-steps.js";
import { replay } from "../../progress/history/replay.js";
import type { StepReport } from "../../progress/history/step-report.js";
import { chooseMode, createRenderer } from "../../progress/mode.js";
import type { About, BuildsSession } from "./about-builds.js";

/** `tsbuild history logs`: the events of a build, drawn again at once. */
export async function showLogs(
  { build: reference, progress = "plain" }: About<"build-logs">,
  history: BuildHistory,
  { io }: BuildsSession,
): Promise<number> {
  const build = history.find(reference);
  let now = build.startedAt;
  const renderer = createRenderer(chooseMode(progress, io.terminal.out), {
    out: io.out,
    now: () => now,
    size: io.size,
    color: false,
    logLimit: Infinity,
    every: () => () => undefined, // nothing happens between two events
  });
  for (const { ms, event } of replay(history.journal(build), history.log(build))) {
    now = build.startedAt + ms;
    renderer.emit(event);
    await roomIn(io.out);
  }
  const { end } = build;
  if (end?.status === "completed") renderer.emit({ type: "summary", totals: end.totals });
  renderer.finish();
  if (end?.error !== undefined) io.out.write(`${end.error}\n`);
  return 0;
}

/** `tsbuild log`: what a step wrote, byte for byte, on both its streams. */
export async function showStepLog(
  { build: reference, step: text }: About<"step-log">,
  history: BuildHistory,
  { io }: BuildsSession,
): Promise<number> {
  const build = history.find(reference);
  const step = findStep(history.steps(build), text);
  if (step.outcome === "cached") throw wasCached(step, build, history);
  for (const { event } of replay(history.journal(build), history.log(build))) {
    if (event.type !== "output" || event.id !== step.id) continue;
    io.out.write(event.chunk);
    await roomIn(io.out);
  }
  return 0;
}

/** A log may be larger than the memory: no faster than its reader. */
async function roomIn(out: Writable): Promise<void> {
  if (out.writableNeedDrain) await once(out, "drain");
}

/** What it wrote is in the log of the build that ran it, where that is kept. */
function wasCached({ title }: StepReport, build: BuildRecord, history: BuildHistory): BuildError {
  const ran = history.list().find((other) => {
    if (other.startedAt >= build.startedAt || other.context !== build.context) return false;
    return history.steps(other).some((step) => step.title === title && step.outcome === "done");
  });
  const words = title.replace(/^\[.*?\] /, "");
  return new BuildError("USAGE", `Cannot show the log of ${title}: it was cached`, {
    hint:
      ran === undefined
        ? "the build that ran it is no longer kept"
        : `it ran in an earlier build: tsbuild log ${ran.id} ${JSON.stringify(words)}`,
  });
}
