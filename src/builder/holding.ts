/** Keeps a lock until `work` has ended: whoever waits for it finds what was recorded. */
export async function holding(lock: AsyncDisposable, work: Promise<void>): Promise<void> {
  await using _lock = lock;
  await work;
}
