import type { BuildError, Source } from "../../error.js";
import type { Instruction, Warning } from "../../parser/instruction.js";
import { RULES, ruleUrl } from "../../parser/lint-rules.js";
import { printable } from "../../progress/terminal-text.js";
import { Lines, locationOf, type LineRange } from "./lines.js";

/** What `--check` found out. */
export interface CheckReport {
  readonly source: Source;
  /** Of the file as far as it could be read. */
  readonly instructions: readonly Instruction[];
  /** By line. */
  readonly warnings: readonly Warning[];
  /** Why it would not build. */
  readonly error: BuildError | undefined;
}

/** The report in the shape of `docker buildx build --call=check,format=json`. */
export function checkJson({ source, instructions, warnings, error }: CheckReport): object {
  const lines = new Lines(source);
  const places = warningLines(warnings, instructions, lines);
  const found = warnings.map(({ rule, message }, i) => ({
    ruleName: rule,
    description: RULES[rule].description,
    url: ruleUrl(rule),
    detail: message,
    location: locationOf(places[i] ?? { first: 1, last: 1 }),
  }));
  const data = Buffer.from(source.text).toString("base64");
  return {
    warnings: found.length === 0 ? null : found, // as Go writes a list of nothing
    sources: [{ filename: source.name, data, language: "Dockerfile" }],
    ...(error === undefined ? {} : { buildError: errorJson(error, lines) }),
  };
}

function errorJson({ message, at }: BuildError, lines: Lines): object {
  return { message, location: at === undefined ? {} : locationOf(lines.range(at)) };
}

/** The report for people; nothing where an error is all there is to say. */
export function checkText({ source, instructions, warnings, error }: CheckReport): string {
  if (warnings.length === 0)
    return error === undefined ? "Check complete, no warnings found.\n" : "";
  const lines = new Lines(source);
  const places = warningLines(warnings, instructions, lines);
  const count = warnings.length === 1 ? "1 warning has" : `${warnings.length} warnings have`;
  const parts = warnings.map(({ rule, message }, i) => [
    `WARNING: ${rule} - ${ruleUrl(rule)}`,
    printable(message),
    ...excerpt(source.name, lines, places[i] ?? { first: 1, last: 1 }),
    "",
  ]);
  return [`Check complete, ${count} been found!`, "", ...parts.flat()].join("\n") + "\n";
}

const ruler = "-".repeat(20);

function excerpt(name: string, { texts }: Lines, { first, last }: LineRange): readonly string[] {
  const around = first === last ? 2 : 1;
  const from = Math.max(1, first - around);
  const shown = texts.slice(from - 1, last + around).map((text, i) => {
    const number = from + i;
    const mark = number >= first && number <= last ? ">>>" : "   ";
    return `${String(number).padStart(4)} | ${mark} ${printable(text)}`;
  });
  return [`${printable(name)}:${first}`, ruler, ...shown, ruler];
}

/** The lines of the instructions that findings are about. */
function warningLines(
  warnings: readonly Warning[],
  instructions: readonly Instruction[],
  lines: Lines,
): readonly LineRange[] {
  let next = 0;
  return warnings.map(({ rule, at }) => {
    while ((instructions[next + 1]?.at.start ?? Infinity) <= at.start) next++;
    const whole = instructions[next]?.at;
    const inside = whole !== undefined && whole.start <= at.start && at.start < whole.end;
    return lines.range(inside && rule !== "NoEmptyContinuation" ? whole : at);
  });
}
