import type { Source } from "../error.js";
import { syntaxError } from "./syntax-error.js";

/** A line of the file; `end` is before its line ending, `next` after it. */
export interface PhysicalLine {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly next: number;
}

const LONGEST = 65_535;

/** Splits at line feeds, drops carriage returns before them and the byte order mark. */
export function physicalLines(source: Source): readonly PhysicalLine[] {
  const lines: PhysicalLine[] = [];
  let start = source.text.startsWith("\uFEFF") ? 1 : 0;
  while (start < source.text.length) {
    const feed = source.text.indexOf("\n", start);
    const next = feed === -1 ? source.text.length : feed + 1;
    let end = feed === -1 ? next : feed;
    checkLength(source, start, end);
    while (end > start && source.text.charAt(end - 1) === "\r") end--;
    lines.push({ text: source.text.slice(start, end), start, end, next });
    start = next;
  }
  return lines;
}

function checkLength(source: Source, start: number, end: number): void {
  if ((end - start) * 3 <= LONGEST) return; // UTF-8 takes at most three bytes for a UTF-16 unit
  if (Buffer.byteLength(source.text.slice(start, end)) <= LONGEST) return;
  const why = `dockerfile line greater than max allowed size of ${LONGEST} bytes`;
  throw syntaxError("Dockerfile", why, { source, start, end });
}
