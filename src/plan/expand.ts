import { BuildError, type BuildErrorCode } from "../error.js";
import { Cursor, isDigitUnit, isNameUnit, isSpecialName } from "./cursor.js";
import { maxGrowth, tooLarge } from "./growth.js";
import { applyOperator, isOperator, type Operator } from "./operator.js";
import { WordSplitter } from "./word-splitter.js";

/** What the text is, which decides about quotes, escapes and variables that nobody set. */
export type ExpansionMode =
  /** A word of an instruction: quotes and escapes go, an unset variable is empty. */
  | "word"
  /** The body of a heredoc: quotes are text. */
  | "heredoc"
  /** For people to read (X14): quotes, escapes and unset variables stay as they are. */
  | "title";

/** What variables are worth, and how they are written. */
export interface ExpandOptions {
  readonly lookup: (name: string) => string | undefined;
  readonly escape: "\\" | "`";
  readonly mode?: ExpansionMode;
}

/** What became of a text with variables. */
export interface Expansion {
  readonly text: string;
  /** `text` split at the blanks that variables brought in (X13). */
  readonly words: readonly string[];
  /** Variables that were looked up and found. */
  readonly used: ReadonlySet<string>;
  /** Variables that are not set, also where the text says what then (`${v:-w}`). */
  readonly unset: ReadonlySet<string>;
}

const QUOTES = "\"'";

/** Deeper than anybody nests `${a:-${b:-…}}`, and no danger to the stack. */
const maxDepth = 100;

/** Replaces the variables of a Dockerfile word (SEMANTICS 1.2); throws EXPANSION, without a span. */
export function expand(text: string, options: ExpandOptions): Expansion {
  return new Expander(text, options).run();
}

class Expander {
  readonly #cursor: Cursor;
  readonly #source: string;
  readonly #options: Required<ExpandOptions>;
  readonly #used = new Set<string>();
  readonly #unset = new Set<string>();
  #depth = 0;
  #growth = 0;

  constructor(text: string, options: ExpandOptions) {
    this.#source = text;
    this.#cursor = new Cursor(text);
    this.#options = { mode: "word", ...options };
  }

  run(): Expansion {
    const words = this.#options.mode === "word" ? new WordSplitter() : undefined;
    const text = this.#until(undefined, this.#title, words);
    return { text, words: words?.finish() ?? [], used: this.#used, unset: this.#unset };
  }

  get #title(): boolean {
    return this.#options.mode === "title";
  }

  /** Text up to `stop`, which is taken too, or to the end. */
  #until(stop: string | undefined, keepEscapes: boolean, words?: WordSplitter): string {
    const cursor = this.#cursor;
    const { escape, mode } = this.#options;
    const special = `$${escape}${mode === "heredoc" ? "" : QUOTES}${stop ?? ""}`;
    const parts: string[] = [];
    const add = (part: string, splits: boolean): void => {
      words?.add(part, splits);
      parts.push(part);
    };
    for (;;) {
      add(cursor.takeBefore(special), true);
      const unit = cursor.next();
      if (unit === stop) return parts.join("");
      if (unit === undefined) throw this.#error(`missing "${stop ?? ""}"`);
      add(this.#part(unit, keepEscapes), unit === "$");
    }
  }

  #part(unit: string, keepEscapes: boolean): string {
    if (unit === "$") return this.#variable();
    if (unit === "'") return this.#singleQuoted();
    if (unit === '"') return this.#doubleQuoted(keepEscapes);
    return (keepEscapes ? unit : "") + (this.#cursor.next() ?? "");
  }

  #singleQuoted(): string {
    const text = this.#cursor.takeUntil("'");
    if (text === undefined) throw this.#error("the single quote is not closed");
    return this.#title ? `'${text}'` : text;
  }

  #doubleQuoted(keepEscapes: boolean): string {
    const cursor = this.#cursor;
    const { escape } = this.#options;
    const parts: string[] = [];
    for (;;) {
      parts.push(cursor.takeBefore(`"$${escape}`));
      const unit = cursor.next();
      if (unit === undefined) throw this.#error("the double quote is not closed");
      if (unit === '"') {
        const text = parts.join("");
        return this.#title ? `"${text}"` : text;
      }
      parts.push(unit === "$" ? this.#variable() : this.#escapedInQuotes(unit, keepEscapes));
    }
  }

  #escapedInQuotes(escape: string, keepEscapes: boolean): string {
    const next = this.#cursor.peek();
    const special = next === '"' || next === "$" || next === escape;
    const kept = keepEscapes || (!special && next !== undefined) ? escape : "";
    return kept + (special ? (this.#cursor.next() ?? "") : "");
  }

  /** What comes after a "$". */
  #variable(): string {
    if (this.#cursor.peek() === "{") {
      if (++this.#depth > maxDepth) throw this.#error("variables are nested too deeply");
      this.#cursor.next();
      const text = this.#braced();
      this.#depth--;
      return text;
    }
    const name = this.#name();
    if (name === "") return "$";
    return this.#value(name) ?? this.#whenUnset(`$${name}`);
  }

  /** What comes after "${". */
  #braced(): string {
    const cursor = this.#cursor;
    const start = cursor.position;
    const first = cursor.peek();
    if (first === undefined) throw this.#error('missing "}"');
    const name = "{}:".includes(first) ? "" : this.#name();
    if (name === "") throw this.#error("bad substitution");
    if (cursor.peek() === "}") {
      cursor.next();
      return this.#value(name) ?? this.#whenUnset(`\${${name}}`);
    }
    const text = this.#operation(name, this.#operator());
    const verbatim = this.#title && this.#unset.has(name);
    return verbatim ? "${" + this.#source.slice(start, cursor.position) : text;
  }

  #operator(): Operator {
    const cursor = this.#cursor;
    const first = cursor.next();
    const second = cursor.peek();
    const double =
      first === ":" || ((first === "#" || first === "%" || first === "/") && second === first);
    if (double) cursor.next();
    const text = `${first ?? ""}${double ? (second ?? "") : ""}`;
    if (isOperator(text)) return text;
    if (cursor.peek() === undefined) throw this.#error('missing "}"');
    throw this.#error(`unsupported modifier "${text}" in a substitution`);
  }

  #operation(name: string, operator: Operator): string {
    const isPattern = "#%/".includes(operator.charAt(0));
    const replaces = operator.startsWith("/");
    const pattern = replaces ? this.#until("/", true) : undefined;
    const word = this.#until("}", isPattern);
    const value = this.#value(name);
    try {
      return this.#grown(applyOperator(operator, { name, value, word, pattern }));
    } catch (error) {
      if (this.#title) return ""; // never shown: the instruction itself fails, or never expands
      throw error instanceof BuildError ? this.#error(error.message, error.code) : error;
    }
  }

  #name(): string {
    const cursor = this.#cursor;
    const first = cursor.peek();
    if (first === undefined) return "";
    if (isDigitUnit(first)) return cursor.takeWhile(isDigitUnit);
    if (isSpecialName(first)) return cursor.next() ?? "";
    return cursor.takeWhile(isNameUnit);
  }

  #value(name: string): string | undefined {
    const value = this.#options.lookup(name);
    (value === undefined ? this.#unset : this.#used).add(name);
    return value === undefined ? undefined : this.#grown(value);
  }

  #whenUnset(verbatim: string): string {
    return this.#title ? verbatim : "";
  }

  #grown(text: string): string {
    this.#growth += text.length;
    if (this.#growth > maxGrowth) throw this.#error(tooLarge);
    return text;
  }

  #error(what: string, code: BuildErrorCode = "EXPANSION"): BuildError {
    const shown = this.#source.length > 200 ? `${this.#source.slice(0, 200)}…` : this.#source;
    return new BuildError(code, `Cannot expand "${shown}": ${what}`);
  }
}
