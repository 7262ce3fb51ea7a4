import type { BuildHistory, BuildRecord } from "../../progress/history/build-history.js";
import { explainStep, type TimeWords } from "../../progress/history/explain-step.js";
import { findSteps } from "../../progress/history/find-steps.js";
import type { StepReport } from "../../progress/history/step-report.js";
import { formatSeconds } from "../../progress/format.js";
import { printable } from "../../progress/terminal-text.js";
import { formatAgeInSentence } from "../format/age.js";
import { nameOf, statusOf, type About, type BuildsSession } from "./about-builds.js";

/** `tsbuild explain`: of each step why it ran, or where its result is from. */
export function explain(
  { build: reference, step, json }: About<"explain">,
  history: BuildHistory,
  { io }: BuildsSession,
): number {
  const build = history.find(reference);
  const all = history.steps(build);
  const steps = step === undefined ? all : findSteps(all, step);
  io.out.write(json ? jsonOf(build, steps) : textOf(build, steps));
  return 0;
}

function jsonOf({ id, startedAt, status }: BuildRecord, steps: readonly StepReport[]): string {
  return `${JSON.stringify({ id, startedAt, status, steps }, undefined, 2)}\n`;
}

function textOf(build: BuildRecord, steps: readonly StepReport[]): string {
  const now = Date.now();
  const words: TimeWords = { age: (ms) => formatAgeInSentence(ms, now), duration: formatSeconds };
  const heading = `Build ${build.id} of ${nameOf(build)}, ${words.age(build.startedAt)}: ${statusOf(build)}`;
  const parts = steps.map((step) => `\n${explainStep(step, words).map(printable).join("\n")}\n`);
  return `${heading}\n${parts.join("")}`;
}
