import { parseDuration } from "../../parser/duration.js";
import { parseGoBoolean } from "../../go-boolean.js";
import { badValue } from "../args/usage-error.js";
import type { Filter } from "../args/filter.js";
import type { DiskRecord } from "./disk-record.js";

type Test = (record: DiskRecord) => boolean;

/** Whether a record is meant: all filters must take it, as in buildx. */
export function diskTest(filters: readonly Filter[], now: number): Test {
  const keys = new Set(filters.map(({ key }) => key));
  const both = filters.find(({ key }) => key === "unused-for" && keys.has("until"));
  if (both !== undefined) throw unusable(both, "it means the same as until");
  const tests = filters.map((filter) => testOf(filter, now));
  return (record) => tests.every((test) => test(record));
}

function testOf(filter: Filter, now: number): Test {
  switch (filter.key) {
    case "description":
      return textTest(filter, ({ description }) => [description]);
    case "id":
      return textTest(filter, ({ id, item }) => [id, item.key]);
    case "parents":
      return textTest(filter, ({ item }) => item.parents);
    case "type":
      return textTest(filter, ({ type }) => [type]);
    case "immutable":
      return truthTest(filter, ({ mutable }) => !mutable);
    case "inuse":
      return truthTest(filter, ({ item }) => item.inUse);
    case "mutable":
      return truthTest(filter, ({ mutable }) => mutable);
    case "private":
      return truthTest(filter, ({ shared }) => !shared);
    case "shared":
      return truthTest(filter, ({ shared }) => shared);
    case "until":
    case "unused-for": {
      const since = now - ageOf(filter);
      return ({ item }) => (item.usedAt ?? 0) < since;
    }
    default:
      throw new Error(`no filter of the disk is called ${filter.key}`);
  }
}

/** A record of several values is meant when one of them fits, and with "!=" when none does. */
function textTest(filter: Filter, values: (record: DiskRecord) => readonly string[]): Test {
  const { operator, value } = filter;
  if (value === undefined) throw unusable(filter, "want a value");
  if (operator === "~=") {
    const pattern = patternOf(filter, value);
    return (record) => values(record).some((each) => pattern.test(each));
  }
  const has: Test = (record) => values(record).includes(value);
  return operator === "=" ? has : (record) => !has(record);
}

function patternOf(filter: Filter, value: string): RegExp {
  try {
    return new RegExp(value, "u");
  } catch {
    throw unusable(filter, "malformed pattern");
  }
}

function truthTest(filter: Filter, fact: Test): Test {
  const { operator, value = "true" } = filter;
  const wanted = parseGoBoolean(value);
  if (wanted === undefined || operator === "~=") throw unusable(filter, "want true or false");
  return (record) => (fact(record) === wanted) === (operator === "=");
}

/** In milliseconds, of "24h" or of the time since a date. */
function ageOf(filter: Filter): number {
  const { key, operator, value = "" } = filter;
  const nanoseconds = parseDuration(value);
  const date = /^\d{4}-/.test(value) ? Date.parse(value) : NaN;
  if (operator !== "=") throw unusable(filter, `${key} takes =`);
  if (nanoseconds !== undefined) return nanoseconds / 1e6;
  if (!Number.isNaN(date)) return Date.now() - date;
  throw unusable(filter, "want a duration such as 24h, or a date");
}

function unusable({ key, operator, value }: Filter, reason: string): Error {
  return badValue("--filter", value === undefined ? key : `${key}${operator}${value}`, reason);
}
