/** Walks a text character by character (Unicode code points, so that no name is cut in two). */
export class Cursor {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Offset of what `next` gives. */
  get position(): number {
    return this.#at;
  }

  peek(): string | undefined {
    const code = this.#text.codePointAt(this.#at);
    return code === undefined ? undefined : String.fromCodePoint(code);
  }

  next(): string | undefined {
    const unit = this.peek();
    this.#at += unit?.length ?? 0;
    return unit;
  }

  takeWhile(wanted: (unit: string) => boolean): string {
    const start = this.#at;
    for (let unit = this.peek(); unit !== undefined && wanted(unit); unit = this.peek()) {
      this.#at += unit.length;
    }
    return this.#text.slice(start, this.#at);
  }

  /** What is before the next of the ASCII characters `stops`, which stays, or else all. */
  takeBefore(stops: string): string {
    const start = this.#at;
    while (this.#at < this.#text.length && !stops.includes(this.#text.charAt(this.#at))) this.#at++;
    return this.#text.slice(start, this.#at);
  }

  /** What is before the next `stop`, which is taken too; undefined when there is none. */
  takeUntil(stop: string): string | undefined {
    const end = this.#text.indexOf(stop, this.#at);
    if (end < 0) return undefined;
    const text = this.#text.slice(this.#at, end);
    this.#at = end + stop.length;
    return text;
  }
}

/** Letters, digits and "_" make variable names (X03). */
export function isNameUnit(unit: string): boolean {
  return isAscii(unit) ? /\w/.test(unit) : /[\p{L}\p{Nd}]/u.test(unit);
}

/** Digits of any script. */
export function isDigitUnit(unit: string): boolean {
  return isAscii(unit) ? /\d/.test(unit) : /\p{Nd}/u.test(unit);
}

/** What needs none of Unicode's tables, which take a while to load. */
function isAscii(unit: string): boolean {
  return unit < "\x80";
}

/** The shell's special parameters are names too, though nothing sets them (X03). */
export function isSpecialName(unit: string): boolean {
  return "@*#?-$!".includes(unit);
}
