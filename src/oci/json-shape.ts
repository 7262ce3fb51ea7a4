import { BuildError } from "../error.js";
import { parseDigest } from "./digest.js";

/** Throws INVALID_IMAGE, naming `at`, when `value` is not what it should be. */
export type Check = (value: unknown, at: string) => void;

/** A JSON object: neither a list nor null. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON text in bytes that came from outside. */
export function parseJson(bytes: Uint8Array, what: string): unknown {
  const value = parsed(bytes, what);
  if (!isDeep(value)) return value;
  const message = `Cannot read ${what}: it is nested more than ${maxDepth} levels deep`;
  throw new BuildError("INVALID_IMAGE", message);
}

function parsed(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new BuildError("INVALID_IMAGE", `Cannot read ${what}: it is not JSON`, { cause });
  }
}

/** Deeper than anybody nests. What is kept of a document is written again, and JSON.stringify needs the stack for that. */
const maxDepth = 1000;

function isDeep(value: unknown): boolean {
  let level = membersOf(value);
  for (let depth = 1; level.length > 0 && depth <= maxDepth; depth++) {
    level = level.flatMap(membersOf);
  }
  return level.length > 0;
}

function membersOf(value: unknown): readonly unknown[] {
  return typeof value === "object" && value !== null ? Object.values(value) : [];
}

function check(accepts: (value: unknown) => boolean, wanted: string): Check {
  return (value, at) => {
    if (!accepts(value)) throw new BuildError("INVALID_IMAGE", `Cannot read ${at}: want ${wanted}`);
  };
}

/** Any text. */
export const string = check((value) => typeof value === "string", "a string");
/** A truth value. */
export const boolean = check((value) => typeof value === "boolean", "true or false");
/** Any number that can be written again: 1e999 is read as infinity. */
export const number = check(Number.isFinite, "a number");
/** A moment as text (RFC 3339). */
export const time = check(
  (value) => typeof value === "string" && !Number.isNaN(Date.parse(value)),
  "a time",
);
/** A moment in milliseconds since the epoch. */
export const milliseconds = check(
  (value) => typeof value === "number" && !Number.isNaN(new Date(value).getTime()),
  "a time in milliseconds",
);
/** A count of bytes that a number can hold exactly. */
export const size = check(
  (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  "a number of bytes",
);
/** Any object. */
export const object = check(isObject, "an object");
const array = check(Array.isArray, "a list");

/** A digest as `parseDigest` takes it. */
export function digest(value: unknown, at: string): void {
  string(value, at);
  try {
    parseDigest(String(value));
  } catch (cause) {
    if (cause instanceof BuildError && cause.code === "UNSUPPORTED") throw cause;
    throw new BuildError(
      "INVALID_IMAGE",
      `Cannot read ${at}: ${JSON.stringify(value)} is not a digest`,
      {
        cause,
      },
    );
  }
}

/** Exactly this value. */
export function literal(wanted: string | number): Check {
  return check((value) => value === wanted, JSON.stringify(wanted));
}

/** One of these words. */
export function oneOf(words: readonly string[]): Check {
  return check((value) => words.some((word) => word === value), words.join(" or "));
}

/** A list of two. */
export function pairOf(first: Check, second: Check): Check {
  return (value, at) => {
    array(value, at);
    if (!Array.isArray(value)) return;
    first(value[0], `${at}[0]`);
    second(value[1], `${at}[1]`);
  };
}

/** Each element passes `element`. */
export function listOf(element: Check): Check {
  return (value, at) => {
    array(value, at);
    if (!Array.isArray(value)) return;
    for (const [i, item] of value.entries()) element(item, `${at}[${i}]`);
  };
}

/** Each value passes `element`, whatever its key. */
export function recordOf(element: Check): Check {
  return (value, at) => {
    object(value, at);
    if (!isObject(value)) return;
    for (const [key, item] of Object.entries(value)) element(item, `${at}["${key}"]`);
  };
}

/** An object with these members; others are nobody's business. */
export function shape(members: Readonly<Record<string, Check>>): Check {
  return (value, at) => {
    object(value, at);
    if (!isObject(value)) return;
    for (const [key, member] of Object.entries(members)) member(value[key], `${at}.${key}`);
  };
}

/** May be missing. */
export function optional(inner: Check): Check {
  return (value, at) => {
    if (value !== undefined) inner(value, at);
  };
}

/** May be missing or null. */
export function nullable(inner: Check): Check {
  return (value, at) => {
    if (value !== undefined && value !== null) inner(value, at);
  };
}
