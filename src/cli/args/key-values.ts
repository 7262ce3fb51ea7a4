import type { BuildError } from "../../error.js";
import { parseGoBoolean } from "../../go-boolean.js";
import { suggest } from "../../suggest.js";
import { splitCsv } from "./csv.js";
import { badValue } from "./usage-error.js";

/** The keys and values of one flag that takes CSV of KEY=VALUE. */
export class KeyValues {
  /** In their order; a later one of the same key counts. */
  readonly pairs: readonly (readonly [key: string, value: string])[];
  readonly text: string;
  readonly #flag: string;
  readonly #values: ReadonlyMap<string, string>;

  /** The value of `list` goes on, over commas, up to the next key: it needs no quotes. */
  constructor(flag: string, text: string, list?: string) {
    this.#flag = flag;
    this.text = text;
    const pairs: (readonly [key: string, value: string])[] = [];
    for (const field of splitCsv(flag, text)) {
      const [key, value] = pairs.at(-1) ?? [];
      const goesOn = key !== undefined && key === list && !field.includes("=");
      if (goesOn) pairs.splice(-1, 1, [key, `${value},${field}`]);
      else pairs.push(this.#pair(field));
    }
    this.pairs = pairs;
    this.#values = new Map(this.pairs);
  }

  /** The value of a key; an empty one counts as none. */
  get(key: string): string | undefined {
    const value = this.#values.get(key);
    return value === "" ? undefined : value;
  }

  /** Whether a key was given, be it without a value. */
  has(key: string): boolean {
    return this.#values.has(key);
  }

  /** The value of a switch. */
  boolean(key: string): boolean | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    const given = parseGoBoolean(value);
    if (given !== undefined) return given;
    throw this.wrong(`${key} is "${value}", want true or false`);
  }

  /** The value of a key that takes a number from 0 to `most`. */
  number(key: string, most: number): number | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    if (/^\d{1,15}$/.test(value) && Number(value) <= most) return Number(value);
    throw this.wrong(`${key} is "${value}", want a number from 0 to ${most}`);
  }

  /** The value of a key that takes one of a few words. */
  word<T extends string>(key: string, words: readonly T[]): T | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    const near = suggest(value, words);
    const hint = near === undefined ? undefined : `did you mean "${near}"?`;
    throw this.wrong(`${key} is "${value}", want ${words.join(", ")}`, hint);
  }

  /** The error about the whole of it. */
  wrong(reason: string, hint?: string): BuildError {
    return badValue(this.#flag, withoutSecrets(this.text), reason, hint);
  }

  #pair(field: string): readonly [string, string] {
    const equals = field.indexOf("=");
    if (equals < 1) throw this.wrong(`"${field}" is not KEY=VALUE`);
    const key = field.slice(0, equals).trim();
    // an annotation's own key is the user's
    return [key.startsWith("annotation") ? key : key.toLowerCase(), field.slice(equals + 1)];
  }
}

/** What goes to a terminal or a log. */
function withoutSecrets(text: string): string {
  return text.replace(
    /\b((?:access_key_id|secret_access_key|session_token|token)=)[^,"]*/gi,
    "$1…",
  );
}
