import type { Span } from "../error.js";
import type { Word } from "./instruction.js";

/** Tells where a range of joined text came from. */
export type Locate = (start: number, end: number) => Span;

/** What separates words: the characters Unicode calls white space. */
const BLANK =
  "\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
export const BLANKS = new RegExp(`[${BLANK}]+`, "g");
export const NON_BLANKS = new RegExp(`[^${BLANK}]`, "g");
const LEADING = new RegExp(`^[${BLANK}]*`);

/** A part of an instruction that still knows where in the file it was written. */
export class Fragment implements Word {
  readonly text: string;
  readonly #locate: Locate;
  /** Where this part begins in the text that `#locate` knows. */
  readonly #base: number;

  constructor(text: string, locate: Locate, base = 0) {
    this.text = text;
    this.#locate = locate;
    this.#base = base;
  }

  get at(): Span {
    return this.#locate(this.#base, this.#base + this.text.length);
  }

  slice(start: number, end = this.text.length): Fragment {
    return new Fragment(this.text.slice(start, end), this.#locate, this.#base + start);
  }

  trim(): Fragment {
    const start = LEADING.exec(this.text)?.[0].length ?? 0;
    let end = this.text.length;
    while (end > start && isBlank(this.text.charAt(end - 1))) end--;
    return this.slice(start, end);
  }

  /** Where this part begins in `whole`, of which it is a slice. */
  offsetIn(whole: Fragment): number {
    return this.#base - whole.#base;
  }

  word(): Word {
    return { text: this.text, at: this.at };
  }
}

const ONE_BLANK = new RegExp(`^[${BLANK}]$`);

/** Whether a character separates words. */
export function isBlank(char: string): boolean {
  return ONE_BLANK.test(char);
}

/** Text without the blanks it begins with. */
export function trimStart(text: string): string {
  return text.replace(LEADING, "");
}
