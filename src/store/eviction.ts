import type { DiskItem } from "./disk-items.js";
import { DAY } from "../time.js";

/** How much the store may take; all in bytes. */
export interface SpaceLimits {
  /** What the whole store takes at most. */
  readonly maxUsed?: number | undefined;
  /** What stays free on the disk. */
  readonly minFree?: number | undefined;
  /** What of the cache stays in any case. */
  readonly reserved?: number | undefined;
}

/** What is to be removed. */
export interface PruneRequest {
  /** Also what images with a name need. */
  readonly all?: boolean | undefined;
  /** Leaves everything else alone. */
  readonly accepts?: ((item: DiskItem) => boolean) | undefined;
  /** Removes no more than these ask for. */
  readonly limits?: SpaceLimits | undefined;
}

/** An item that goes, and why, for people. */
export interface Doomed {
  readonly item: DiskItem;
  readonly why: string;
}

/** The moment at which is decided. */
export interface Moment {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Bytes that are free on the disk. */
  readonly free: number;
}

/** Decides what goes, in order: first what will be missed least (SEMANTICS K28, K29). */
export function chooseDoomed(
  items: readonly DiskItem[],
  request: PruneRequest,
  { now, free }: Moment,
): readonly Doomed[] {
  const { all = false, accepts = () => true, limits } = request;
  const evictable = items.filter((item) => !item.inUse && (all || item.names.length === 0));
  const candidates = evictable.filter(accepts);
  if (limits === undefined) return candidates.map((item) => ({ item, why: reasonOf(item) }));
  let excess = excessOf({ total: sum(items), evictable: sum(evictable) }, limits, free);
  const doomed: Doomed[] = [];
  for (const { item, group } of evictionOrder(candidates, now)) {
    if (excess <= 0) break;
    excess -= item.size;
    doomed.push({ item, why: groups[group] ?? "" });
  }
  return doomed;
}

/** The bytes that limits want away. */
function excessOf(
  { total, evictable }: { readonly total: number; readonly evictable: number },
  { maxUsed, minFree, reserved = 0 }: SpaceLimits,
  free: number,
): number {
  const unlimited = maxUsed === undefined && minFree === undefined;
  const over = unlimited
    ? Infinity
    : Math.max(total - (maxUsed ?? Infinity), (minFree ?? 0) - free);
  return Math.min(over, evictable - reserved);
}

function reasonOf({ kind, names, images }: DiskItem): string {
  if (names.length > 0) return "everything goes";
  if (kind === "image") return "it has no name";
  return images.length > 0 ? "only images without a name need it" : "no image needs it";
}

const groups = [
  "it is made again at once, and unused for two days",
  "unused for 60 days",
  "least recently used, and no image needs it",
  "least recently used",
];

/**
 * As BuildKit's default rules: what is cheap to have again, what is old, what only the cache has, the rest. What is known of a
 * context is small, and of all things what its next build needs first.
 */
function groupOf({ kind, usedAt = 0, images }: DiskItem, now: number): number {
  const isSource = kind === "cache" || kind === "index" || kind === "download";
  if (isSource && now - usedAt > 2 * DAY) return 0;
  if (now - usedAt > 60 * DAY) return 1;
  return images.length === 0 && kind !== "index" ? 2 : 3;
}

/** In each group by last use and by number of uses, each of which counts for as much as the other. */
function evictionOrder(
  items: readonly DiskItem[],
  now: number,
): readonly { readonly item: DiskItem; readonly group: number }[] {
  const age = ranks(items.map(({ usedAt = 0 }) => usedAt));
  const use = ranks(items.map(({ uses }) => uses));
  const ranked = items.map((item, i) => ({
    item,
    group: groupOf(item, now),
    rank: (age[i] ?? 0) + (use[i] ?? 0),
  }));
  return ranked.sort((a, b) => a.group - b.group || a.rank - b.rank);
}

/** The place of each value among all different ones, from 0 to 1. */
function ranks(values: readonly number[]): readonly number[] {
  const order = [...new Set(values)].sort((a, b) => a - b);
  const places = new Map(order.map((value, place) => [value, place / order.length]));
  return values.map((value) => places.get(value) ?? 0);
}

function sum(items: readonly DiskItem[]): number {
  return items.reduce((total, { size }) => total + size, 0);
}
