/** The bytes in pieces of `length`, only the last one shorter; the receiver may keep them. */
export async function* blocks(
  bytes: AsyncIterable<Uint8Array>,
  length: number,
): AsyncGenerator<Uint8Array> {
  let block = Buffer.allocUnsafeSlow(length);
  let used = 0;
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.byteLength;) {
      const part = chunk.subarray(at, at + length - used);
      block.set(part, used);
      at += part.byteLength;
      used += part.byteLength;
      if (used < length) continue;
      yield block;
      block = Buffer.allocUnsafeSlow(length);
      used = 0;
    }
  }
  if (used > 0) yield block.subarray(0, used);
}
