import type { Source, Span } from "../../error.js";

/** Lines of a source, both counted from 1 and included. */
export interface LineRange {
  readonly first: number;
  readonly last: number;
}

/** Finds lines by offset. */
export class Lines {
  /** As written, without line feeds. */
  readonly texts: readonly string[];
  readonly #starts: number[] = [];

  constructor({ text }: Source) {
    this.texts = text.split("\n");
    let start = 0;
    for (const line of this.texts) {
      this.#starts.push(start);
      start += line.length + 1;
    }
  }

  range({ start, end }: Pick<Span, "end" | "start">): LineRange {
    const first = this.#at(start);
    return { first, last: Math.max(first, this.#at(end - 1)) };
  }

  #at(offset: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] ?? Infinity) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }
}

/** A place as BuildKit's JSON has it: one range for each line. */
export function locationOf({ first, last }: LineRange): object {
  const lines = Array.from({ length: last - first + 1 }, (_, i) => ({ line: first + i }));
  return { ranges: lines.map((line) => ({ start: line, end: line })) };
}
