/**
 * An object whose JSON does not depend on the order of `entries`: sorted by key, as Go writes maps, but for keys that
 * are whole numbers, which JavaScript puts first. Of several values of a key the last counts.
 */
export function sortedRecord<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  const latest = [...new Map(entries)];
  return Object.fromEntries(latest.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
