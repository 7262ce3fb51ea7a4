import { parseDuration } from "../../parser/duration.js";
import type { BuildFilter, Comparison } from "../builds-command.js";
import { badValue } from "./usage-error.js";
import { oneOf } from "./words.js";

/** What `--filter` of builds takes, for its help. */
export const buildFilterHelp =
  "show those only: ref, repository or status with = and !=, startedAt, completedAt or duration with < and >";

const keys = ["completedAt", "duration", "ref", "repository", "startedAt", "status"];
const statuses = ["canceled", "completed", "error", "interrupted", "running"];

/** Reads `--filter status!=error` or `--filter startedAt>24h` (V01). */
export function parseBuildFilter(text: string): BuildFilter {
  const {
    key = "",
    operator = "",
    value = "",
  } = /^(?<key>\w+)(?<operator>!=|=|[<>]=?)(?<value>.*)$/s.exec(text)?.groups ?? {};
  switch (oneOf("--filter", key || text, keys)) {
    case "ref":
      return { key: "ref", operator: equality(text, operator), value };
    case "repository":
      return { key: "repository", operator: equality(text, operator), value };
    case "status":
      return { key: "status", operator: equality(text, operator), value: statusOf(value) };
    case "startedAt":
      return { key: "startedAt", operator: order(text, operator), value: timeOf(text, value) };
    case "completedAt":
      return { key: "completedAt", operator: order(text, operator), value: timeOf(text, value) };
    default:
      return { key: "duration", operator: order(text, operator), value: lengthOf(text, value) };
  }
}

function equality(text: string, operator: string): "!=" | "=" {
  if (operator === "=" || operator === "!=") return operator;
  throw badValue("--filter", text, "it takes = and !=");
}

function order(text: string, operator: string): Comparison {
  const found = (["<", "<=", ">", ">="] as const).find((one) => one === operator);
  if (found !== undefined) return found;
  throw badValue("--filter", text, "it takes <, <=, > and >=");
}

/** buildx's manual says "success" for what its list calls Completed. */
function statusOf(value: string): string {
  const word = value.toLowerCase();
  return word === "success" ? "completed" : oneOf("--filter status", word, statuses);
}

/** A date, or a duration before now. */
function timeOf(text: string, value: string): { readonly at: number } | { readonly ago: number } {
  const nanoseconds = parseDuration(value);
  if (nanoseconds !== undefined) return { ago: nanoseconds / 1e6 };
  const at = /^\d{4}-\d\d-\d\d/.test(value) ? Date.parse(value) : NaN;
  if (!Number.isNaN(at)) return { at };
  throw badValue("--filter", text, "want a duration such as 24h, or a date");
}

function lengthOf(text: string, value: string): number {
  const nanoseconds = parseDuration(value);
  if (nanoseconds !== undefined) return nanoseconds / 1e6;
  throw badValue("--filter", text, "want a duration such as 30s");
}
