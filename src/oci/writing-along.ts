/**
 * The same bytes, each piece of which is written while the next one comes. When they end, or nobody
 * wants more of them, nothing is being written any more.
 */
export async function* writingAlong(
  bytes: AsyncIterable<Uint8Array>,
  write: (piece: Uint8Array) => Promise<void>,
): AsyncGenerator<Uint8Array> {
  let writing = Promise.resolve();
  try {
    for await (const piece of bytes) {
      await writing;
      writing = write(piece);
      writing.catch(() => undefined); // thrown where it is awaited, if anyone gets there
      yield piece;
    }
    await writing;
  } finally {
    await writing.catch(() => undefined);
  }
}
