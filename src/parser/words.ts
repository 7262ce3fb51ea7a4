import { DockerfileParser } from "dockerfile-ast";
import { BLANKS, NON_BLANKS } from "./blank.js";
import type { Fragment } from "./fragment.js";
import type { Directives } from "./instruction.js";

/** The character that joins lines and quotes the next one. */
export type Escape = Directives["escape"];

const QUOTED = {
  "\\": /\\[^]?|"(?:\\[^]?|[^"\\])*"?|'[^']*'?/g,
  "`": /`[^]?|"(?:`[^]?|[^"`])*"?|'[^']*'?/g,
} as const;
const CLOSED = {
  "\\": /^(?:"(?:\\[^]|[^"\\])*"|'[^']*')$/,
  "`": /^(?:"(?:`[^]|[^"`])*"|'[^']*')$/,
} as const;
const ESCAPED = { "\\": /\\[^]?/g, "`": /`[^]?/g } as const;

/** Splits at blanks, whatever is between them (FROM, EXPOSE, COPY, VOLUME). */
export function plainWords(line: Fragment): readonly Fragment[] {
  return split(line, line.text);
}

/** Splits at blanks outside quotes and escapes (ENV, LABEL, ARG, flags, heredocs). */
export function quotedWords(line: Fragment, escape: Escape): readonly Fragment[] {
  return split(line, line.text.replace(QUOTED[escape], hide));
}

/** Whether every quote that opens also closes. */
export function isBalanced(text: string, escape: Escape): boolean {
  const last = text.match(QUOTED[escape])?.at(-1);
  return last === undefined || last.startsWith(escape) || CLOSED[escape].test(last);
}

/** Removes quotes, which must be balanced, and the escape characters outside single quotes. */
export function unquote(text: string, escape: Escape): string {
  return text.replace(QUOTED[escape], (part) => {
    const quote = part.charAt(0);
    if (quote === escape) return part.slice(1);
    const inner = part.slice(1, -1);
    return quote === "'" ? inner : inner.replace(ESCAPED[escape], (pair) => pair.slice(1));
  });
}

/**
 * dockerfile-ast drops escapes, ends words at an escaped blank, knows no quotes and no blanks but
 * space and tab; so it gets the outline of the line, in which only blanks mean something.
 */
function split(line: Fragment, text: string): readonly Fragment[] {
  const outline = text
    .replaceAll(NON_BLANKS, "x")
    .replaceAll(BLANKS, (run) => " ".repeat(run.length));
  const [instruction] = DockerfileParser.parse(`x ${outline}`).getInstructions();
  const words = instruction?.getArguments() ?? [];
  return words.map((word) => {
    const { start, end } = word.getRange();
    return line.slice(start.character - 2, end.character - 2);
  });
}

function hide(part: string): string {
  return "x".repeat(part.length);
}
