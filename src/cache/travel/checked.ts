/** In milliseconds: places may remove what is old, and tell nobody. */
const DAY = 24 * 60 * 60 * 1000;

/** Whether it was looked for what a place is said to have, and that so lately that it still counts. */
export function isChecked(checkedAt: number | undefined, now: number): boolean {
  return checkedAt !== undefined && checkedAt <= now && now - checkedAt < DAY;
}
