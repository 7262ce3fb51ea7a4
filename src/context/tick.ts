/** A tick of the filesystem's clock, generously: 10 ms at most, or 2 s where it counts in seconds. */
export function tickOf(ctimeMs: number): number {
  return ctimeMs % 1000 === 0 ? 2000 : 20;
}
