import { printf } from "./printf.js";
import { MOST, TemplateError } from "./template-tokens.js";
import { fieldOf, isRecord, printed, truth } from "./template-value.js";

/** A function that templates may call. */
export type TemplateFunction = (...values: readonly unknown[]) => unknown;

/** Go's own functions, and those that docker adds. */
export const functions: Readonly<Record<string, TemplateFunction>> = {
  and: (...values) => values.find((value) => !truth(value)) ?? values.at(-1),
  or: (...values) => values.find(truth) ?? values.at(-1),
  not: (value) => !truth(value),
  eq: (first, ...others) => others.some((other) => equal(first, other)),
  ne: (a, b) => !equal(a, b),
  lt: (a, b) => compare(a, b) < 0,
  le: (a, b) => compare(a, b) <= 0,
  gt: (a, b) => compare(a, b) > 0,
  ge: (a, b) => compare(a, b) >= 0,
  index: (value, ...keys) => keys.reduce(indexed, value),
  len: lengthOf,
  slice: (value, from = 0, to) => sliced(value, numberOf(from), to),
  print: (...values) => values.map((value) => printed(value)).join(" "),
  println: (...values) => `${values.map((value) => printed(value)).join(" ")}\n`,
  printf: (format, ...values) => printf(textOf(format), values),
  json: (value) => JSON.stringify(value ?? null),
  join: (list, separator = "") =>
    listOf(list)
      .map((item) => printed(item))
      .join(textOf(separator)),
  split: (text, separator) => textOf(text).split(textOf(separator)),
  lower: (text) => textOf(text).toLowerCase(),
  upper: (text) => textOf(text).toUpperCase(),
  title: (text) =>
    textOf(text).replace(/(?<![\p{L}\p{N}_'])\p{L}/gu, (letter) => letter.toUpperCase()),
  pad: (text, before, after) =>
    " ".repeat(countOf(before)) + textOf(text) + " ".repeat(countOf(after)),
  truncate: (text, length) => Array.from(textOf(text)).slice(0, countOf(length)).join(""),
};

/** Go compares only what is of one type. */
function equal(a: unknown, b: unknown): boolean {
  checkComparable(a, b);
  return a === b;
}

function compare(a: unknown, b: unknown): number {
  checkComparable(a, b);
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : Number(a > b);
  throw new TemplateError(`cannot order ${printed(a)} and ${printed(b)}`);
}

function checkComparable(a: unknown, b: unknown): void {
  const isBasic = (value: unknown): boolean => typeof value !== "object";
  if (a === undefined || b === undefined) return;
  if (isBasic(a) && isBasic(b) && typeof a === typeof b) return;
  throw new TemplateError(`cannot compare ${printed(a)} and ${printed(b)}`);
}

function indexed(value: unknown, key: unknown): unknown {
  if (isRecord(value)) return fieldOf(value, textOf(key));
  const at = numberOf(key);
  const items = typeof value === "string" ? [...Buffer.from(value)] : listOf(value);
  if (at >= 0 && at < items.length) return items[at];
  throw new TemplateError(`index ${at} is out of range: there are ${items.length}`);
}

function lengthOf(value: unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  return isRecord(value) ? Object.keys(value).length : listOf(value).length;
}

function sliced(value: unknown, from: number, to: unknown): unknown {
  const items = typeof value === "string" ? value : listOf(value);
  const end = to === undefined ? items.length : numberOf(to);
  if (from >= 0 && from <= end && end <= items.length) return items.slice(from, end);
  throw new TemplateError(`slice ${from} to ${end} is out of range: there are ${items.length}`);
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new TemplateError(`${printed(value)} is not a list`);
}

function numberOf(value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value)) return value;
  throw new TemplateError(`${printed(value)} is not a whole number`);
}

function countOf(value: unknown): number {
  const count = numberOf(value);
  if (count >= 0 && count <= MOST) return count;
  throw new TemplateError(`${count} is not a number from 0 to ${MOST}`);
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  throw new TemplateError(`${printed(value)} is not text`);
}
