import { DAY } from "../../time.js";

/**
 * Whether it was looked for what a place is said to have, and that so lately that it still counts: places may remove
 * what is old, and tell nobody.
 */
export function isChecked(checkedAt: number | undefined, now: number): boolean {
  return checkedAt !== undefined && checkedAt <= now && now - checkedAt < DAY;
}
