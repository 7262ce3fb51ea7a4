/** Works on all items, at most `limit` at a time; the first failure stops the rest. */
export async function inParallel<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const todo = items[Symbol.iterator]();
  const failure = new AbortController();
  const either = AbortSignal.any([signal, failure.signal]);
  const worker = async (): Promise<void> => {
    for (let next = todo.next(); next.done !== true; next = todo.next()) {
      either.throwIfAborted();
      await work(next.value, either);
    }
  };
  const workers = Array.from({ length: limit }, () =>
    worker().catch((error: unknown) => {
      failure.abort(error); // only the first one counts
    }),
  );
  await Promise.all(workers);
  either.throwIfAborted();
}
