import { lineOf } from "../error.js";
import type { BuildWarning, RendererOptions } from "./renderer.js";
import { summaryText } from "./summary.js";
import { printable } from "./terminal-text.js";
import type { Tracked, Tracker } from "./tracker.js";

/**
 * The lines below a build: warnings, then what failed steps said last (SEMANTICS U06, U07), or what all
 * of it came to.
 */
export function footer(
  tracker: Tracker,
  { explain }: Pick<RendererOptions, "explain"> = {},
): readonly string[] {
  const { summary } = tracker;
  return [
    ...warnings(tracker.warnings, explain),
    ...failures(tracker),
    ...(summary === undefined ? [] : ["", summaryText(summary)]),
  ];
}

/** What each failed step said last. */
export function failures({ vertices }: Tracker): readonly string[] {
  const failed = vertices.filter(
    ({ outcome, tail }) => outcome?.kind === "failed" && tail.length > 0,
  );
  return failed.flatMap(failure);
}

/** Each line once: an instruction may name what is not set several times. */
function warnings(
  found: readonly BuildWarning[],
  explain: RendererOptions["explain"],
): readonly string[] {
  if (found.length === 0) return [];
  const different = new Map(found.map((warning) => [describeWarning(warning), warning]));
  const count = different.size === 1 ? "1 warning" : `${different.size} warnings`;
  const isShort = explain === undefined && found.some(({ rule }) => rule !== undefined);
  const more = isShort ? " (--debug shows more)" : "";
  return [
    "",
    ` ${count} found${more}:`,
    ...[...different].flatMap(([text, warning]) => [
      ` - ${text}`,
      ...(explain?.(warning) ?? []).map((line) => `   ${line}`),
    ]),
  ];
}

/** "StageNameCasing: Stage name 'Web' should be lowercase (Dockerfile:3)". */
function describeWarning({ rule, message, at }: BuildWarning): string {
  const name = rule === undefined ? "" : `${rule}: `;
  const place = at === undefined ? "" : ` (${at.source.name}:${lineOf(at)})`;
  return printable(`${name}${message}${place}`.replaceAll("\n", " "));
}

function failure({ title, tail }: Tracked): readonly string[] {
  return [
    "------",
    ` > ${title}:`,
    ...tail.map(({ ms, text }) => `${(ms / 1000).toFixed(3)} ${text}`),
    "------",
  ];
}
