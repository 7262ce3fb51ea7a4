import type { Span } from "../error.js";
import type { BuildWarning } from "./renderer.js";

/** A warning as BuildKit's SolveStatus has it. */
export function warningJson({ rule, message, at }: Omit<BuildWarning, "type">): object {
  const short = rule === undefined ? message : `${rule}: ${message}`;
  return {
    level: 1,
    short: Buffer.from(short).toString("base64"),
    sourceInfo:
      at === undefined
        ? undefined
        : { filename: at.source.name, data: Buffer.from(at.source.text).toString("base64") },
    range: at === undefined ? undefined : [rangeOf(at)],
  };
}

function rangeOf({ source, start, end }: Span): object {
  return { start: position(source.text, start), end: position(source.text, end) };
}

function position(text: string, offset: number): object {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, character: before.at(-1)?.length ?? 0 };
}
