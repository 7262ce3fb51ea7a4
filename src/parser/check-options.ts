import { BuildError } from "../error.js";
import { parseGoBoolean } from "../go-boolean.js";
import { isExperimental, type RuleName } from "./lint-rules.js";

/** Which rules of a set: some by name, or every one. */
type Selection = "all" | ReadonlySet<string>;

/** How findings are treated (P10). */
export interface CheckOptions {
  readonly skip: Selection;
  readonly experimental: Selection;
  /** Findings fail the build. */
  readonly error: boolean;
}

const none: ReadonlySet<string> = new Set();
/** What counts where nothing is said. */
export const defaultChecks: CheckOptions = { skip: none, experimental: none, error: false };

const hint = "write skip=RULE,RULE or skip=all, error=true, experimental=RULE, with ; between them";

/** Reads `skip=A,B;error=true;experimental=all`; throws SYNTAX without a span. */
export function parseCheckOptions(text: string): CheckOptions {
  if (text.trim() === "") return defaultChecks;
  return splitParts(text.trim()).reduce(withPart, defaultChecks);
}

/** At most three parts: a semicolon after that belongs to the third. */
function splitParts(text: string): readonly string[] {
  const [first = "", second, ...rest] = text.split(";");
  if (second === undefined) return [first];
  return rest.length === 0 ? [first, second] : [first, second, rest.join(";")];
}

function withPart(options: CheckOptions, part: string): CheckOptions {
  const equals = part.indexOf("=");
  const key = equals === -1 ? undefined : part.slice(0, equals).trim();
  const value = part.slice(equals + 1).trim();
  switch (key) {
    case "skip":
      return { ...options, skip: parseSelection(value) };
    case "experimental":
      return { ...options, experimental: parseSelection(value) };
    case "error":
      return { ...options, error: parseBoolean(value, part) };
    case undefined:
    default:
      throw new BuildError("SYNTAX", `Cannot use check option "${key ?? part}": no such option`, {
        hint,
      });
  }
}

function parseSelection(value: string): Selection {
  return value === "all" ? "all" : new Set(value.split(",").map((name) => name.trim()));
}

function parseBoolean(value: string, part: string): boolean {
  const given = parseGoBoolean(value);
  if (given !== undefined) return given;
  throw new BuildError("SYNTAX", `Cannot use check option "${part}": want true or false`, { hint });
}

/** Both together, as for an instruction with options of its own. */
export function mergeChecks(file: CheckOptions, own: CheckOptions): CheckOptions {
  return {
    skip: union(file.skip, own.skip),
    experimental: union(file.experimental, own.experimental),
    error: file.error,
  };
}

function union(one: Selection, other: Selection): Selection {
  return one === "all" || other === "all" ? "all" : new Set([...one, ...other]);
}

/** Whether findings of `rule` are told. `skip` has no say over what was asked for. */
export function isEnabled(rule: RuleName, { skip, experimental }: CheckOptions): boolean {
  if (isExperimental(rule)) return experimental === "all" || experimental.has(rule);
  return skip !== "all" && !skip.has(rule);
}
