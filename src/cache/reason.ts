/** One thing that differs from an earlier run. Plain JSON, as all of a reason: it is kept, and travels. */
export interface Change {
  /** By the name that a user knows it by: "ARG VERSION", "mode of bin/run", "parent". */
  readonly what: string;
  readonly how: "added" | "changed" | "deleted" | "removed" | "renamed";
  /** For people, and only where it is known and no secret. */
  readonly before?: string;
  readonly after?: string;
  /** The step that the change came from: the first from the base on whose result is another. */
  readonly at?: string;
}

/** Why a step was not a cache hit. */
export interface MissReason {
  readonly kind: "changed" | "new" | "no-cache" | "no-cache-filter" | "pruned";
  /** In a few words: "ARG VERSION changed from 1 to 2". */
  readonly text: string;
  readonly changes: readonly Change[];
  /** Changes that are only counted. */
  readonly more?: number;
}

/** The flags that make a step run whatever is known. */
export type FreshFlag = "--no-cache" | "--no-cache-filter";

/** The step was not looked for. */
export function notAsked(flag: FreshFlag): MissReason {
  const kind = flag === "--no-cache" ? "no-cache" : "no-cache-filter";
  return { kind, text: flag, changes: [] };
}

/** Nothing like the step was ever built here. */
export const neverBuilt: MissReason = { kind: "new", text: "never built before", changes: [] };

/** Nothing changed, but the result is no longer there. */
export const pruned: MissReason = { kind: "pruned", text: "its layer was pruned", changes: [] };

/** Changes that are kept; the rest is counted. */
export const KEPT = 50;

/** The reason of a step of which something changed; `text` says which. There were `count` changes. */
export function changed(
  text: string,
  changes: readonly Change[],
  count = changes.length,
): MissReason {
  const more = count - KEPT;
  const kept = changes.slice(0, KEPT);
  return { kind: "changed", text, changes: kept, ...(more > 0 ? { more } : {}) };
}

/** Values up to this length are shown in the short text of a change. */
const SHORT = 40;

/** "ARG VERSION changed from 1 to 2", "a.ts renamed to b.ts"; long values are left out. */
export function changeText(change: Change): string {
  const { what, how, at, before, after } = change;
  if (how === "renamed") return `${what} renamed to ${after ?? ""}`;
  const place = at === undefined ? "" : ` at ${at}`;
  const values = [before, after].filter((value) => value !== undefined).map(quoted);
  const isShort = values.every((value) => value.length <= SHORT);
  const fromTo = isShort ? valuesText(change, values) : "";
  return `${what} ${how}${place}${fromTo}`;
}

/** Of steps the new one is named already; only images have more to tell them apart. */
function valuesText({ before, after, at }: Change, values: readonly string[]): string {
  const [first, second] = values;
  if (before === after || first === undefined) return "";
  if (second === undefined) return ` (${before === undefined ? "" : "was "}${first})`;
  if (at === undefined) return ` from ${first} to ${second}`;
  return isDigest(first) ? ` (${first} to ${second})` : "";
}

/** A value that could be taken for something else stands in quotes; digests are cut. */
function quoted(value: string): string {
  if (isDigest(value)) return value.slice(0, 19);
  return /^[^\s"',()]+$/.test(value) ? value : JSON.stringify(value);
}

function isDigest(value: string): boolean {
  return value.startsWith("sha256:");
}
