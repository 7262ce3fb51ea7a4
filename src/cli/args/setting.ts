import { badValue } from "./usage-error.js";

/** `NAME=value`, or `NAME` alone for the value that the environment has. */
export interface Setting {
  readonly name: string;
  readonly value: string | undefined;
}

/** Reads `--build-arg` and `--env`. */
export function parseSetting(flag: string, text: string): Setting {
  const { key, value } = splitPair(text);
  if (key === "") throw badValue(flag, text, "the name before the = is missing");
  return { name: key, value };
}

/** Reads `--build-context name=value`, where both must be there. */
export function parseNamedValue(flag: string, text: string): readonly [string, string] {
  const { key, value } = splitPair(text);
  if (key === "" || value === undefined || value === "") {
    throw badValue(flag, text, "want NAME=VALUE");
  }
  return [key, value];
}

/** Reads `--label`, whose value may be empty or missing, as Docker does. */
export function parseLabel(flag: string, text: string): readonly [string, string] {
  const { key, value } = splitPair(text);
  if (key === "") throw badValue(flag, text, "the name before the = is missing");
  return [key, value ?? ""];
}

function splitPair(text: string): { readonly key: string; readonly value: string | undefined } {
  const equals = text.indexOf("=");
  if (equals < 0) return { key: text, value: undefined };
  return { key: text.slice(0, equals), value: text.slice(equals + 1) };
}
