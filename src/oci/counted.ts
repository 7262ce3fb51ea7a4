/** Passes bytes on, and tells how many have been taken so far. */
export async function* counted(
  bytes: AsyncIterable<Uint8Array>,
  tell: ((taken: number) => void) | undefined,
): AsyncGenerator<Uint8Array> {
  let taken = 0;
  for await (const chunk of bytes) {
    yield chunk;
    tell?.((taken += chunk.byteLength));
  }
}
