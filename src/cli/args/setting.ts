import { parsePlatform } from "../../oci/platform.js";
import { parseReference } from "../../oci/reference.js";
import { splitContextName } from "../../plan/named-context.js";
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

/** Reads `name=value`, where both must be there. */
function parseNamedValue(flag: string, text: string): readonly [string, string] {
  const { key, value } = splitPair(text);
  if (key === "" || value === undefined || value === "") {
    throw badValue(flag, text, "want NAME=VALUE");
  }
  return [key, value];
}

/** Reads `--build-context`: the name is one that an image could have, or such with a platform (B10). */
export function parseBuildContext(flag: string, text: string): readonly [string, string] {
  const [name, value] = parseNamedValue(flag, text);
  const { own, only } = splitContextName(name);
  try {
    parseReference(own);
    if (only !== undefined) parsePlatform(only);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw badValue(flag, text, `invalid context name ${name}: ${why}`);
  }
  return [name, value];
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
