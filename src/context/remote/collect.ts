import type { Readable } from "node:stream";

/** Longest output of git that is kept, in bytes: the rest is read and dropped. */
const limit = 16 * 1024 * 1024;

/** What a stream says, as text. */
export async function collect(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk as Uint8Array);
    size += bytes.byteLength;
    if (size <= limit) chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}
