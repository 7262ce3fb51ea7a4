import type { BuildHistory, BuildRecord } from "../../progress/history/build-history.js";
import { outcomeText } from "../../progress/history/explain-step.js";
import type { StepReport } from "../../progress/history/step-report.js";
import { formatBytes, formatSeconds } from "../../progress/format.js";
import { printable } from "../../progress/terminal-text.js";
import { formatAge, formatInstant } from "../format/age.js";
import { formatColumns } from "../format/columns.js";
import { nameOf, statusOf, type About, type BuildsSession } from "./about-builds.js";
import { attachmentsOf, type Attachment } from "./build-attachments.js";

/** `tsbuild history inspect`: all that is kept of a build, but for its logs. */
export async function showReport(
  { build: reference, json }: About<"build-report">,
  history: BuildHistory,
  { io, store }: BuildsSession,
): Promise<number> {
  const build = history.find(reference);
  const report = {
    build,
    steps: history.steps(build),
    attachments: await attachmentsOf(build, store),
  };
  io.out.write(json ? jsonOf(report) : textOf(report));
  return 0;
}

interface Report {
  readonly build: BuildRecord;
  readonly steps: readonly StepReport[];
  readonly attachments: readonly Attachment[];
}

function jsonOf({ build, ...told }: Report): string {
  const { files: _files, work: _work, ...record } = build;
  return `${JSON.stringify({ ...record, ...told }, undefined, 2)}\n`;
}

function textOf({ build, steps, attachments }: Report): string {
  const rows = facts(build, steps).filter(([, value]) => value !== "");
  const parts = [
    formatColumns(rows, 2),
    steps.length === 0 ? "" : `\n${stepTable(steps)}`,
    attachments.length === 0 ? "" : `\n${attachmentTable(attachments)}`,
    build.end?.error === undefined ? "" : `\n${build.end.error}\n`,
  ];
  return parts.join("");
}

function facts(
  build: BuildRecord,
  steps: readonly StepReport[],
): readonly (readonly [string, string])[] {
  const { startedAt, end } = build;
  const cached = steps.filter(({ outcome }) => outcome === "cached").length;
  const { totals, result } = end ?? {};
  return [
    ["Build ID:", build.id],
    ["Name:", nameOf(build)],
    ["Status:", statusOf(build)],
    ["Created:", `${formatInstant(startedAt)} (${formatAge(startedAt, Date.now())})`],
    ["Duration:", end === undefined ? "" : formatSeconds(end.at - startedAt)],
    ["Context:", build.context],
    ["Dockerfile:", build.dockerfile],
    ["Target:", build.target ?? ""],
    ["Platforms:", build.platforms.join(", ")],
    ...Object.entries(build.flags).map(
      ([flag, value]) =>
        [`--${flag}:`, Array.isArray(value) ? value.join(", ") : String(value)] as const,
    ),
    ["Steps:", `${steps.length} (${cached} cached)`],
    ["Saved:", totals?.savedMs ? formatSeconds(totals.savedMs) : ""],
    ["Written:", totals?.written ? formatBytes(totals.written) : ""],
    ["Sent:", totals?.sent ? formatBytes(totals.sent) : ""],
    ["Image ID:", result?.config ?? ""],
    ["Manifest:", result?.manifest ?? ""],
    ["Names:", result?.names.join(", ") ?? ""],
  ];
}

function stepTable(steps: readonly StepReport[]): string {
  const words = { age: String, duration: formatSeconds };
  const rows = steps.map((step) => [
    printable(step.title),
    outcomeText(step, words),
    printable(step.reason?.text ?? ""),
  ]);
  return formatColumns([["STEP", "RESULT", "REASON"], ...rows], 3).replace(/ +$/gm, "");
}

function attachmentTable(attachments: readonly Attachment[]): string {
  const rows = attachments.map(({ digest, platform, type }) => [digest, platform, printable(type)]);
  return formatColumns([["ATTACHMENT", "PLATFORM", "TYPE"], ...rows], 3);
}
