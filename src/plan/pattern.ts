import { BuildError } from "../error.js";
import { maxGrowth, tooLarge } from "./growth.js";

/** What one position of a pattern accepts: this character, or (undefined) any. */
type Unit = string | undefined;

/**
 * A shell pattern as the fixed-length runs between its stars. Runs are found one after the other,
 * so that matching never backtracks, whatever the pattern.
 */
interface Pattern {
  readonly runs: readonly (readonly Unit[])[];
}

/** Comparisons that one pattern may cost: a second or so. */
const maxWork = 2 ** 28;
const tooMuchWork = "the pattern and the value are too long";

/** Reads a pattern of `*` and `?`; `\*`, `\?` and `\\` are literal, "[" has no meaning (X09). */
function parsePattern(text: string, value: string): Pattern {
  if (text.length * value.length > maxWork) throw new BuildError("EXPANSION", tooMuchWork);
  const runs: Unit[][] = [[]];
  const units = Array.from(text);
  for (let i = 0; i < units.length; i++) {
    const unit = units[i];
    if (unit === "*") runs.push([]);
    else
      runs
        .at(-1)
        ?.push(unit === "?" ? undefined : unit === "\\" ? escaped(units[++i], text) : unit);
  }
  return { runs };
}

function escaped(unit: string | undefined, pattern: string): string {
  if (unit !== undefined && "*?\\/}".includes(unit)) return unit;
  const found = unit === undefined ? "a lone backslash" : `the escape "\\${unit}"`;
  throw new BuildError("EXPANSION", `Cannot use pattern "${pattern}": ${found} is invalid`, {
    hint: 'a backslash may come before "*", "?", "\\", "/" and "}" only',
  });
}

/** Cuts the shortest or longest match of `pattern` from the start of `value`. */
export function trimPrefix(value: string, pattern: string, longest: boolean): string {
  const units = Array.from(value);
  const end = matchEnd(parsePattern(pattern, value), units, { from: 0, longest });
  return end === undefined ? value : units.slice(end).join("");
}

/** Cuts the shortest or longest match of `pattern` from the end of `value`. */
export function trimSuffix(value: string, pattern: string, longest: boolean): string {
  const units = Array.from(value).reverse();
  const end = matchEnd(reversed(parsePattern(pattern, value)), units, { from: 0, longest });
  return end === undefined ? value : units.slice(end).reverse().join("");
}

function reversed({ runs }: Pattern): Pattern {
  return { runs: runs.map((run) => run.toReversed()).reverse() };
}

/** Replaces the first match of `pattern`, or all, each as long as possible, by `by`, literally. */
export function replace(
  value: string,
  pattern: string,
  by: { text: string; all: boolean },
): string {
  const units = Array.from(value);
  const parsed = parsePattern(pattern, value);
  const [first = []] = parsed.runs;
  const out: string[] = [];
  let done = 0;
  let added = 0;
  let matched = -1; // an empty match right after another one does not count
  for (let at = 0; at <= units.length; at++) {
    if (!fits(first, units, at)) continue;
    const end = matchEnd(parsed, units, { from: at, longest: true });
    if (end === undefined) break; // what the other runs miss from here, they miss from further on
    if (end === at && at === matched) continue;
    out.push(...units.slice(done, at), by.text);
    done = matched = end;
    if ((added += by.text.length) > maxGrowth) throw new BuildError("EXPANSION", tooLarge);
    if (!by.all) break;
    at = Math.max(at, end - 1);
  }
  return out.concat(units.slice(done)).join("");
}

/** Where a match that starts at `from` ends. */
function matchEnd(
  { runs: [first = [], ...others] }: Pattern,
  value: readonly string[],
  { from, longest }: { readonly from: number; readonly longest: boolean },
): number | undefined {
  if (!fits(first, value, from)) return undefined;
  const last = others.pop();
  let end = from + first.length;
  for (const run of others) {
    const at = find(run, value, end);
    if (at === undefined) return undefined;
    end = at + run.length;
  }
  if (last === undefined) return end;
  const at = longest ? findLast(last, value, end) : find(last, value, end);
  return at === undefined ? undefined : at + last.length;
}

function find(run: readonly Unit[], value: readonly string[], from: number): number | undefined {
  for (let at = from; at + run.length <= value.length; at++) if (fits(run, value, at)) return at;
  return undefined;
}

function findLast(
  run: readonly Unit[],
  value: readonly string[],
  from: number,
): number | undefined {
  for (let at = value.length - run.length; at >= from; at--) if (fits(run, value, at)) return at;
  return undefined;
}

function fits(run: readonly Unit[], value: readonly string[], at: number): boolean {
  return (
    at + run.length <= value.length &&
    run.every((unit, i) => unit === undefined || unit === value[at + i])
  );
}
