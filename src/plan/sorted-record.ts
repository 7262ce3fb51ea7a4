/** An object with its keys in byte order, as Go writes maps, so that equal configs give equal JSON. */
export function sortedRecord<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  const latest = [...new Map(entries)];
  return Object.fromEntries(latest.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
