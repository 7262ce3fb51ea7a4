import type { Source, Span } from "../error.js";
import { trimStart } from "./blank.js";
import { Fragment, type Locate } from "./fragment.js";
import type { PhysicalLine } from "./physical-lines.js";
import type { Escape } from "./words.js";

/** The lines of a file and how to read them. */
export interface Layout {
  readonly source: Source;
  readonly lines: readonly PhysicalLine[];
  readonly escape: Escape;
  /** Where everything is said to be, when the text itself is in no file (an ONBUILD trigger). */
  readonly fixed?: Span | undefined;
}

/** One instruction's lines as one line, without comments. */
export interface JoinedLine {
  readonly text: Fragment;
  /** Nothing but a comment or a blank line. */
  readonly empty: boolean;
  /** Index of the first line after it. */
  readonly next: number;
  /** The last of its lines, where a blank one is among them. */
  readonly blank: Span | undefined;
}

/** Joins the line at `first` with those it continues on (P03 to P06). */
export function joinLines(layout: Layout, first: number): JoinedLine {
  const pieces = new Pieces(layout);
  let blank = false;
  let index = first;
  for (let open = true; open; index++) {
    const line = layout.lines[index];
    if (line === undefined) break; // a continuation may run into the end of the file
    const stripped = trimStart(line.text);
    if (stripped.startsWith("#")) open = index > first;
    else if (stripped === "" && index > first) blank = true;
    else open = pieces.add(index > first ? line.text : stripped, line.end);
  }
  const text = pieces.fragment();
  const empty = index === first + 1 && text.text === "";
  const last = blank ? layout.lines[index - 1] : undefined;
  return { text, empty, next: index, blank: last && pieces.span(last.start, last.end) };
}

interface Piece {
  /** Offset in the joined text. */
  readonly joined: number;
  /** Offset in the source. */
  readonly source: number;
}

/** The parts of a joined line. */
class Pieces {
  readonly #layout: Layout;
  readonly #pieces: Piece[] = [];
  readonly #texts: string[] = [];
  #length = 0;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  /** Adds the text of a line that ends at `end`; tells whether the next line belongs to it. */
  add(text: string, end: number): boolean {
    const continued = endsWithEscape(text, this.#layout.escape);
    const kept = continued ? text.slice(0, text.lastIndexOf(this.#layout.escape)) : text;
    this.#pieces.push({ joined: this.#length, source: end - text.length });
    this.#texts.push(kept);
    this.#length += kept.length;
    return continued;
  }

  fragment(): Fragment {
    const locate: Locate = (start, end) => {
      const from = this.#offset(start);
      return this.span(from, end > start ? this.#offset(end - 1) + 1 : from);
    };
    return new Fragment(this.#texts.join(""), locate);
  }

  span(start: number, end: number): Span {
    return this.#layout.fixed ?? { source: this.#layout.source, start, end };
  }

  #offset(joined: number): number {
    let low = 0;
    let high = this.#pieces.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#pieces[middle]?.joined ?? 0) <= joined) low = middle;
      else high = middle;
    }
    const piece = this.#pieces[low];
    return piece === undefined ? 0 : piece.source + joined - piece.joined;
  }
}

/** An escape character joins lines when only spaces and tabs follow it and it is not escaped itself. */
function endsWithEscape(text: string, escape: Escape): boolean {
  let last = text.length - 1;
  while (text.charAt(last) === " " || text.charAt(last) === "\t") last--;
  return text.charAt(last) === escape && text.charAt(last - 1) !== escape;
}
