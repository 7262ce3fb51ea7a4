const units = ["B", "kB", "MB", "GB", "TB"];

/** "1.5kB": decimal units and three digits, as Docker writes sizes. */
export function formatBytes(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${Number(value.toPrecision(3))}${units[unit] ?? ""}`;
}

/** "4.2s", "75.0s". */
export function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)}s`;
}

/** "3.4MB / 12MB", or what is there of an unknown total. */
export function formatAmount(current: number, total: number | undefined): string {
  const done = formatBytes(current);
  return total === undefined ? done : `${done} / ${formatBytes(total)}`;
}
