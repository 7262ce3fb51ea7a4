import type { Fragment } from "./fragment.js";
import type { Command, Word } from "./instruction.js";
import { syntaxError } from "./syntax-error.js";

// such as "\ud800", which is not text. Named by its range, as Unicode's tables take a while to load.
const LONE_SURROGATE = /[\ud800-\udfff]/gu;
const STRING = /"(?:[^"\\]|\\.)*"/g;

/** The strings of a JSON array, or undefined where it is no valid JSON and so means plain text (P12). */
export function readJson(instruction: string, args: Fragment): readonly Word[] | undefined {
  const values = parseArray(args.text);
  if (values === undefined) return undefined;
  const strings = values.filter((value) => typeof value === "string");
  if (strings.length < values.length) {
    const why = "when using JSON array syntax, arrays must be comprised of strings only";
    throw syntaxError(instruction, why, args.at);
  }
  const places = [...args.text.matchAll(STRING)];
  return strings.map((written, index) => {
    const text = written.replaceAll(LONE_SURROGATE, "\ufffd");
    const place = places[index];
    if (place === undefined) throw new Error(`No place for string ${index} of ${args.text}`);
    return { text, at: args.slice(place.index, place.index + place[0].length).at };
  });
}

/** Exec form if the arguments are a JSON array, else shell form. */
export function readCommand(instruction: string, args: Fragment): Command {
  const words = readJson(instruction, args);
  if (words === undefined) return { form: "shell", text: args.text };
  return { form: "exec", argv: words.map((word) => word.text) };
}

/** Whether the arguments are in JSON form, be they right or wrong. */
export function isJson(args: Fragment): boolean {
  return parseArray(args.text) !== undefined;
}

function parseArray(text: string): readonly unknown[] | undefined {
  if (!text.startsWith("[")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
