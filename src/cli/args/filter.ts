import { oneOf } from "./words.js";
import { badValue } from "./usage-error.js";

/** One `--filter KEY=VALUE`. */
export interface Filter {
  readonly key: string;
  /** "~=" takes a regular expression. */
  readonly operator: "!=" | "=" | "~=";
  /** Undefined when only the key was given. */
  readonly value: string | undefined;
}

/** A `--filter` flag. */
export interface FilterFlag {
  /** As the help lists them. */
  readonly keys: string;
  readonly parse: (text: string) => Filter;
}

/** Reads `KEY=VALUE` with one of these keys; with `comparing` also `KEY!=VALUE`, `KEY~=PATTERN` and `KEY`. */
export function filterFlag(keys: readonly string[], { comparing = false } = {}): FilterFlag {
  const form = comparing
    ? /^(?<key>[\w-]+)(?:(?<operator>[!~]?=)=?(?<value>.*))?$/s
    : /^(?<key>[\w-]+)(?<operator>=)(?<value>.*)$/s;
  const parse = (text: string): Filter => {
    const { key, operator = "=", value } = form.exec(text)?.groups ?? {};
    if (key === undefined) throw badValue("--filter", text, "want KEY=VALUE");
    return { key: oneOf("--filter", key, keys), operator: operatorOf(operator), value };
  };
  return { keys: keys.join(", "), parse };
}

function operatorOf(text: string): Filter["operator"] {
  return text === "!=" || text === "~=" ? text : "=";
}
