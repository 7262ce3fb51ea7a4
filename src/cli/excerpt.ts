import type { Span } from "../error.js";
import { displayWidth, fit, fitEnd, printable } from "../progress/terminal-text.js";

/** Columns of source text shown; a longer line is cut around what is underlined. */
const COLUMNS = 100;
/** Lines shown of a span that has more. */
const LINES = 6;

/** A span for people: where it is, and the text with a mark. */
export interface Excerpt {
  /** "Dockerfile:7:6", counted from 1. */
  readonly position: string;
  readonly lines: readonly string[];
}

interface Line {
  readonly number: number;
  readonly start: number;
  /** Without its line ending. */
  readonly text: string;
}

/** Cuts the lines of `span` out of its source and marks it. */
export function excerpt({ source, start, end }: Span): Excerpt {
  const lines = linesOf(source.text);
  const first = lines.findLast((line) => line.start <= start) ?? { number: 1, start: 0, text: "" };
  const touched = lines.filter((line) => line.number >= first.number && line.start < end);
  const position = `${source.name}:${first.number}:${start - first.start + 1}`;
  if (touched.length <= 1) return { position, lines: underlined(first, start, end) };
  return { position, lines: marked(touched) };
}

function linesOf(text: string): readonly Line[] {
  let start = 0;
  return text.split("\n").map((raw, index) => {
    const line = { number: index + 1, start, text: raw.replace(/\r$/, "") };
    start += raw.length + 1;
    return line;
  });
}

function underlined(line: Line, start: number, end: number): readonly string[] {
  const from = Math.min(start - line.start, line.text.length);
  const to = Math.max(from, Math.min(end - line.start, line.text.length));
  const before = shown(line.text.slice(0, from), COLUMNS / 2, "start");
  const guilty = fit(printable(line.text.slice(from, to)), COLUMNS - displayWidth(before));
  const room = COLUMNS - displayWidth(before) - displayWidth(guilty);
  const after = shown(line.text.slice(to), room, "end");
  const gutter = `  ${line.number} | `;
  const pad = " ".repeat(gutter.length + displayWidth(before));
  const tildes = "~".repeat(Math.max(1, displayWidth(guilty)));
  return [`${gutter}${before}${guilty}${after}`.trimEnd(), `${pad}${tildes}`];
}

/** Several lines are marked in the gutter. */
function marked(lines: readonly Line[]): readonly string[] {
  const shownLines = lines.slice(0, LINES);
  const width = String(shownLines.at(-1)?.number ?? 1).length;
  const texts = shownLines.map(({ number, text }) => {
    return `  ${String(number).padStart(width)} > ${shown(text, COLUMNS, "end")}`.trimEnd();
  });
  const more = lines.length - shownLines.length;
  return more === 0 ? texts : [...texts, `  ${" ".repeat(width)} > … ${more} more lines`];
}

/** Printable text in at most `columns`, cut at its far side. */
function shown(text: string, columns: number, cut: "end" | "start"): string {
  const clean = printable(text);
  return cut === "end" ? fit(clean, columns) : fitEnd(clean, columns);
}
