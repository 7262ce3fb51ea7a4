/** Passes bytes on, and tells how many have gone. */
export async function* counted(
  bytes: AsyncIterable<Uint8Array>,
  tell: ((sent: number) => void) | undefined,
): AsyncGenerator<Uint8Array> {
  let sent = 0;
  for await (const chunk of bytes) {
    yield chunk;
    tell?.((sent += chunk.byteLength));
  }
}
