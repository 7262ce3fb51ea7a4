import type { HitSource } from "../../cache/hit.js";
import { changeText, type Change, type MissReason } from "../../cache/reason.js";
import type { StepReport } from "./step-report.js";

/** How times are written. */
export interface TimeWords {
  /** "5 minutes ago", of milliseconds since the epoch. */
  readonly age: (ms: number) => string;
  /** "1.2s", of milliseconds. */
  readonly duration: (ms: number) => string;
}

/** What became of a step and why, as lines for people; the first is about all of it. */
export function explainStep(step: StepReport, words: TimeWords): readonly string[] {
  const { title, line } = step;
  const heading = `${title} (line ${line}): ${outcomeText(step, words)}`;
  return [heading, ...details(step, words).map((text) => `  ${text}`)];
}

/** "cached", "run in 1.2s". */
export function outcomeText({ outcome, ms }: StepReport, { duration }: TimeWords): string {
  switch (outcome) {
    case "cached":
      return "cached";
    case "done":
      return `run in ${duration(ms)}`;
    case "failed":
      return `failed after ${duration(ms)}`;
    case "cancelled":
      return "canceled";
    case "skipped":
      return "not reached";
    case "open":
      return "not ended";
  }
}

function details({ from, reason, error }: StepReport, words: TimeWords): readonly string[] {
  return [
    ...(from === undefined ? [] : [sourceText(from, words)]),
    ...(reason === undefined ? [] : reasonLines(reason)),
    ...(error === undefined ? [] : [error]),
  ];
}

function sourceText(
  { kind, createdAt, step, took, importedFrom }: HitSource,
  words: TimeWords,
): string {
  const where = importedFrom === undefined ? "" : `, imported from ${importedFrom}`;
  const made = `${words.age(createdAt)}${where}`;
  switch (kind) {
    case "record": {
      const time = took === undefined ? "" : ` (${words.duration(took)})`;
      return `nothing that it can see changed since ${step ?? "it"} was run ${made}${time}`;
    }
    case "content":
      return `it would write what is in a layer that was made ${made}`;
    case "build":
      return "another stage of this build runs the same over the same files";
  }
}

function reasonLines({ kind, text, changes, more }: MissReason): readonly string[] {
  switch (kind) {
    case "changed":
      return [
        ...changes.flatMap(changeLines),
        ...(more === undefined ? [] : [`and ${more} more changes`]),
      ];
    case "new":
      return [text];
    case "pruned":
      return [`nothing changed, but ${text}`];
    case "no-cache":
    case "no-cache-filter":
      return [`${text}: it was not looked for`];
  }
}

/** Values are shown in full, one below the other. */
function changeLines(change: Change): readonly string[] {
  const { what, how, at, before, after } = change;
  if (how === "renamed") return [changeText(change)];
  return [
    changeText({ what, how, ...(at === undefined ? {} : { at }) }),
    ...(before === undefined ? [] : [`  before: ${before}`]),
    ...(after === undefined ? [] : [`  after:  ${after}`]),
  ];
}
