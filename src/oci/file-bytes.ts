import { createReadStream } from "node:fs";

/**
 * The bytes of a host file, which is opened when the first are asked for: a stream that is made
 * before somebody reads it would end the process when it cannot open.
 */
export async function* fileBytes(path: string): AsyncGenerator<Uint8Array> {
  const stream: AsyncIterable<Uint8Array> = createReadStream(path, { highWaterMark: 1 << 18 });
  yield* stream;
}
