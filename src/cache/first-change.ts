import type { Change } from "./reason.js";
import type { StateKey } from "./key.js";

/** What led to a filesystem state: a step over another state, or an image. */
export interface StateOrigin {
  /** "RUN make", "FROM busybox". */
  readonly title: string;
  /** Undefined of what a build starts from. */
  readonly parent?: StateKey;
  /** Of an image: its manifest, else its config. */
  readonly digest?: string;
  /** Of an image, as "linux/amd64". */
  readonly platform?: string;
}

/** A state, and what led to it. */
export interface KnownState extends StateOrigin {
  readonly key: StateKey;
}

/** A state and those that it was made from, itself first. */
export type Ancestry = readonly KnownState[];

/**
 * Which step was the first from the base on whose result is another than below an earlier run, of which
 * nothing may be known.
 */
export function firstChange(now: Ancestry, before: Ancestry): Change {
  if (before.length === 0) return { what: "parent", how: "changed" };
  const places = new Map(before.map(({ key }, index) => [key, index]));
  const shared = now.find(({ key }) => places.has(key));
  // of each the state right upon the last one that both have, or else what it starts from
  const fresh = shared === undefined ? now.at(-1) : now[now.indexOf(shared) - 1];
  const old = shared === undefined ? before.at(-1) : before[(places.get(shared.key) ?? 0) - 1];
  if (fresh === undefined) return { what: "parent", how: "removed", ...(old && { at: old.title }) };
  if (old === undefined) return { what: "parent", how: "changed", at: fresh.title };
  return fresh.parent === undefined && old.parent === undefined
    ? baseChange(fresh, old)
    : { what: "parent", how: "changed", at: fresh.title, ...titles(old, fresh) };
}

function titles(old: StateOrigin, fresh: StateOrigin): Pick<Change, "after" | "before"> {
  return old.title === fresh.title ? {} : { before: old.title, after: fresh.title };
}

function baseChange(now: StateOrigin, old: StateOrigin): Change {
  if (now.platform !== old.platform && now.platform !== undefined && old.platform !== undefined)
    return { what: "platform", how: "changed", before: old.platform, after: now.platform };
  const digests =
    old.digest === undefined || now.digest === undefined
      ? titles(old, now)
      : { before: old.digest, after: now.digest };
  return { what: "parent", how: "changed", at: now.title, ...digests };
}
