import { suggest } from "../../suggest.js";
import { TemplateError } from "./template-tokens.js";

/**
 * A record whose fields are all known, as a struct of Go: to ask for another one is an error. `absent`
 * has what the fields that `fields` lacks mean in a template; `json` does not print them.
 */
export function struct(
  fields: Readonly<Record<string, unknown>>,
  absent: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const zeros: unknown = Object.assign(Object.create(null) as object, absent);
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.assign(Object.create(zeros as object) as object, Object.fromEntries(known));
}

/** The member of a record; undefined where a map has none. */
export function fieldOf(value: unknown, name: string): unknown {
  if (value === undefined || value === null) return undefined;
  if (!isRecord(value)) {
    throw new TemplateError(`cannot take ".${name}" of ${JSON.stringify(value)}`);
  }
  for (let at: object | null = value; at !== null; at = prototypeOf(at)) {
    if (Object.hasOwn(at, name)) return (at as Readonly<Record<string, unknown>>)[name];
  }
  if (isMap(value)) return undefined;
  const known = fieldsOf(value);
  const near = suggest(name, known);
  const help = near === undefined ? `there are ${known.join(", ")}` : `did you mean ".${near}"?`;
  throw new TemplateError(`no field ".${name}": ${help}`);
}

function fieldsOf(value: object): readonly string[] {
  return [...new Set([...Object.keys(value), ...Object.keys(prototypeOf(value) ?? {})])];
}

function prototypeOf(value: object): object | null {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === Object.prototype ? null : prototype;
}

/** JSON's objects are maps: they may have any key. */
function isMap(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype;
}

/** Anything with members. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether {{if}} takes it for true: not false, 0, nothing or empty. */
export function truth(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isRecord(value)) return !isMap(value) || Object.keys(value).length > 0;
  return Boolean(value);
}

/** As Go's `%v` prints it: `[a b]`, `map[a:1]`, `<no value>`. */
export function printed(value: unknown, nothing = "<no value>"): string {
  if (value === undefined || value === null) return nothing;
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return `[${value.map((item) => printed(item, "<nil>")).join(" ")}]`;
  if (!isRecord(value)) return JSON.stringify(value);
  if (!isMap(value)) {
    return `{${Object.values(value)
      .map((item) => printed(item, "<nil>"))
      .join(" ")}}`;
  }
  const keys = Object.keys(value).sort();
  if (keys.length === 0) return "map[]";
  return `map[${keys.map((key) => `${key}:${printed(value[key], "<nil>")}`).join(" ")}]`;
}
