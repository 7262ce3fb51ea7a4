import { posix } from "node:path";
import type { BytePath } from "../oci/changeset.js";

/**
 * Which language a pattern is written in. "name": Go's filepath.Match for one path component (COPY
 * and ADD). "path": .dockerignore, the same over whole paths, and "**" for any number of directories.
 */
export type Dialect = "name" | "path";

type Token =
  | { readonly kind: "rune"; readonly code: number }
  | { readonly kind: "any" }
  | { readonly kind: "class"; readonly negated: boolean; readonly ranges: readonly Range[] }
  /** `*`: anything but "/". */
  | { readonly kind: "star" }
  /** `**`: nothing, or what "inside" takes; those two always come together. */
  | { readonly kind: "enter" }
  /** Anything that ends with "/". */
  | { readonly kind: "inside" }
  /** `**` at the end: anything. */
  | { readonly kind: "rest" };

interface Range {
  readonly low: number;
  readonly high: number;
}

const SLASH = 0x2f;

/** Compiles a pattern; undefined when it is malformed. */
export function compileGlob(pattern: string, dialect: Dialect): Glob | undefined {
  const tokens = new GlobParser(pattern, dialect).parse();
  return tokens === undefined ? undefined : new Glob(tokens);
}

/** True when the pattern is more than a name with escapes. */
export function hasWildcard(pattern: string): boolean {
  return /^(?:[^\\*?[]|\\.)*[*?[]/su.test(pattern);
}

/** The name that a pattern without wildcards stands for. */
export function unescapeName(pattern: string): string {
  return pattern.replace(/\\(.)/gsu, "$1");
}

/** As Go's filepath.Clean: no empty, "." or inner ".." components, no trailing "/". */
export function cleanPath(path: string): string {
  const clean = posix.normalize(path);
  return clean.length > 1 && clean.endsWith("/") ? clean.slice(0, -1) : clean;
}

/**
 * Bytes as text to match patterns against: UTF-8 where it is, and every other byte as one lone
 * surrogate, which no pattern can name but "?" and "*" take.
 */
export function matchableText(path: BytePath): string {
  if (!/[\x80-\xff]/.test(path)) return path;
  return path.replace(utf8OrByte, (bytes) =>
    bytes.length === 1
      ? String.fromCharCode(0xdc00 + bytes.charCodeAt(0))
      : Buffer.from(bytes, "latin1").toString("utf8"),
  );
}

const utf8OrByte = new RegExp(
  [
    "[\\xc2-\\xdf][\\x80-\\xbf]",
    "\\xe0[\\xa0-\\xbf][\\x80-\\xbf]",
    "[\\xe1-\\xec\\xee\\xef][\\x80-\\xbf]{2}",
    "\\xed[\\x80-\\x9f][\\x80-\\xbf]",
    "\\xf0[\\x90-\\xbf][\\x80-\\xbf]{2}",
    "[\\xf1-\\xf3][\\x80-\\xbf]{3}",
    "\\xf4[\\x80-\\x8f][\\x80-\\xbf]{2}",
    "[\\x80-\\xff]",
  ].join("|"),
  "g",
);

class GlobParser {
  readonly #runes: readonly number[];
  readonly #dialect: Dialect;
  readonly #tokens: Token[] = [];
  #at = 0;

  constructor(pattern: string, dialect: Dialect) {
    this.#runes = Array.from(pattern, (rune) => rune.codePointAt(0) ?? 0);
    this.#dialect = dialect;
  }

  parse(): readonly Token[] | undefined {
    while (this.#at < this.#runes.length) if (!this.#token()) return undefined;
    return this.#tokens;
  }

  #token(): boolean {
    if (this.#take("*")) {
      if (this.#dialect === "path" && this.#take("*")) this.#doubleStar();
      else this.#tokens.push({ kind: "star" });
      return true;
    }
    if (this.#take("?")) {
      this.#tokens.push({ kind: "any" });
      return true;
    }
    if (this.#take("[")) return this.#class();
    const code = this.#rune();
    if (code === undefined) return false;
    this.#tokens.push({ kind: "rune", code });
    return true;
  }

  #doubleStar(): void {
    this.#take("/");
    if (this.#at === this.#runes.length) this.#tokens.push({ kind: "rest" });
    else this.#tokens.push({ kind: "enter" }, { kind: "inside" });
  }

  #class(): boolean {
    const negated = this.#take("^");
    const ranges: Range[] = [];
    do {
      const low = this.#bound();
      const high = this.#take("-") ? this.#bound() : low;
      if (low === undefined || high === undefined) return false;
      if (low > high && this.#dialect === "path") return false;
      ranges.push({ low, high });
    } while (!this.#take("]"));
    this.#tokens.push({ kind: "class", negated, ranges });
    return true;
  }

  /** One end of a range: "-" and "]" only escaped. */
  #bound(): number | undefined {
    const code = this.#runes[this.#at];
    return code === 0x2d || code === 0x5d ? undefined : this.#rune();
  }

  #rune(): number | undefined {
    this.#take("\\");
    return this.#runes[this.#at++];
  }

  #take(char: string): boolean {
    if (this.#runes[this.#at] !== char.charCodeAt(0)) return false;
    this.#at++;
    return true;
  }
}

/**
 * A compiled pattern. It is run as an automaton whose states are all followed at once, so the time
 * is at most pattern times text, whatever a hostile .dockerignore holds; a regular expression with
 * as many stars could take forever.
 */
export class Glob {
  readonly #tokens: readonly Token[];
  readonly #literal: string | undefined;
  /** What every match begins with, and ends with; they may overlap. */
  readonly prefix: string;
  readonly suffix: string;
  #now: number[] = [];
  #next: number[] = [];
  /** The last position at which each state was entered. */
  readonly #entered: Int32Array;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
    this.#entered = new Int32Array(tokens.length + 1);
    this.prefix = literalRun(tokens);
    this.suffix = reversed(literalRun(tokens.toReversed()));
    this.#literal = tokens.every(({ kind }) => kind === "rune") ? this.prefix : undefined;
  }

  matches(text: string): boolean {
    if (this.#literal !== undefined) return text === this.#literal;
    if (!text.startsWith(this.prefix) || !text.endsWith(this.suffix)) return false;
    return this.#run(text) && this.#now.includes(this.#tokens.length);
  }

  /** Whether a path below `directory` could match. */
  mayMatchBelow(directory: string): boolean {
    return this.#run(`${directory}/`);
  }

  /** Follows `text` to its end; false as soon as nothing can match any more. */
  #run(text: string): boolean {
    this.#entered.fill(-1);
    this.#now.length = 0;
    this.#enter(0, 0, this.#now);
    for (let at = 0; at < text.length;) {
      const code = text.codePointAt(at) ?? 0;
      at += code > 0xffff ? 2 : 1;
      this.#next.length = 0;
      for (const state of this.#now) this.#step(state, code, at);
      [this.#now, this.#next] = [this.#next, this.#now];
      if (this.#now.length === 0) return false;
    }
    return true;
  }

  #step(state: number, code: number, at: number): void {
    const token = this.#tokens[state];
    switch (token?.kind) {
      case undefined: // the end: nothing may follow
      case "enter":
        return;
      case "rune":
        if (token.code === code) this.#enter(state + 1, at, this.#next);
        return;
      case "any":
        if (code !== SLASH) this.#enter(state + 1, at, this.#next);
        return;
      case "class":
        if (contains(token.ranges, code) !== token.negated) this.#enter(state + 1, at, this.#next);
        return;
      case "star":
        if (code !== SLASH) this.#enter(state, at, this.#next);
        return;
      case "rest":
        this.#enter(state, at, this.#next);
        return;
      case "inside":
        this.#enter(state, at, this.#next);
        if (code === SLASH) this.#enter(state + 1, at, this.#next);
    }
  }

  /** Adds a state, and those it leads to without taking anything; thousands of stars lead to one another. */
  #enter(from: number, at: number, set: number[]): void {
    for (let state = from; this.#add(state, at, set);) {
      const kind = this.#tokens[state]?.kind;
      if (kind === "star" || kind === "rest") {
        state++;
      } else if (kind === "enter") {
        this.#add(state + 1, at, set); // "inside", which leads nowhere
        state += 2;
      } else return;
    }
  }

  /** False where it is there already. */
  #add(state: number, at: number, set: number[]): boolean {
    if (this.#entered[state] === at) return false;
    this.#entered[state] = at;
    set.push(state);
    return true;
  }
}

function contains(ranges: readonly Range[], code: number): boolean {
  return ranges.some(({ low, high }) => low <= code && code <= high);
}

function literalRun(tokens: readonly Token[]): string {
  let run = "";
  for (const token of tokens) {
    if (token.kind !== "rune") break;
    run += String.fromCodePoint(token.code);
  }
  return run;
}

function reversed(text: string): string {
  return Array.from(text).reverse().join("");
}
