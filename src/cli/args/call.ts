import { splitCsv } from "./csv.js";
import { badValue } from "./usage-error.js";
import { parseGoBoolean } from "../../go-boolean.js";
import { oneOf } from "./words.js";

/** What is asked about a Dockerfile instead of building it. */
export type CallMethod = "check" | "outline" | "subrequests.describe" | "targets";

/** A question, and how it is answered. */
export interface Call {
  readonly method: CallMethod;
  readonly format: "json" | "text";
  /** The exit code is 0 whatever is found. */
  readonly ignoreStatus: boolean;
}

const methods = ["build", "check", "lint", "outline", "targets", "subrequests.describe"] as const;
const formats = ["json", "text"] as const;

/** What `--check` means. */
export const checkCall: Call = { method: "check", format: "text", ignoreStatus: false };

/** Reads `--call METHOD[,format=json][,ignorestatus]` (F09); "build" is not a question. */
export function parseCall(text: string): Call | "build" {
  let method: (typeof methods)[number] | undefined;
  let format: Call["format"] = "text";
  let ignoreStatus = false;
  for (const field of splitCsv("--call", text)) {
    const [key, value] = splitField(field);
    if (key === "format") format = oneOf("--call format", value ?? "", formats);
    else if (key === "ignorestatus") ignoreStatus = parseBoolean(text, value);
    else if (key === "" && value === undefined) continue;
    else if (method === undefined && value === undefined) method = oneOf("--call", key, methods);
    else throw badValue("--call", text, `did not expect "${field}"`, hint);
  }
  if (method === undefined || method === "build") return "build";
  return { method: method === "lint" ? "check" : method, format, ignoreStatus };
}

const hint = "such as --call=check,format=json";

function splitField(field: string): readonly [key: string, value: string | undefined] {
  const equals = field.indexOf("=");
  return equals < 0 ? [field, undefined] : [field.slice(0, equals), field.slice(equals + 1)];
}

function parseBoolean(text: string, value = "true"): boolean {
  const given = parseGoBoolean(value);
  if (given !== undefined) return given;
  throw badValue("--call", text, "ignorestatus takes true or false");
}
