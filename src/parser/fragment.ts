import type { Span } from "../error.js";
import { trimEnd, trimStart } from "./blank.js";
import type { Word } from "./instruction.js";

/** Tells where a range of joined text came from. */
export type Locate = (start: number, end: number) => Span;

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
    const start = this.text.length - trimStart(this.text).length;
    return this.slice(start, Math.max(start, trimEnd(this.text).length));
  }

  /** Where this part begins in `whole`, of which it is a slice. */
  offsetIn(whole: Fragment): number {
    return this.#base - whole.#base;
  }

  word(): Word {
    return { text: this.text, at: this.at };
  }
}
