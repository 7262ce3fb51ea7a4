import { BuildError } from "../error.js";

/** Decompresses any number of xz streams, in pieces of 64 KiB. */
export async function* unxz(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { ReadableStream } = await import("node:stream/web");
  const { XzReadableStream } = await import("xz-decompress");
  const source = withoutEmpty(bytes);
  try {
    yield* new XzReadableStream(ReadableStream.from(source));
  } catch (error) {
    throw decoderError(error);
  } finally {
    await source.return(undefined); // the decoder leaves it open when it fails
  }
}

/** A piece of nothing would look like the end. */
async function* withoutEmpty(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) if (chunk.byteLength > 0) yield chunk;
}

/** What the decoder of xz-embedded means by its numbers. */
function decoderError(cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof BuildError) return cause;
  const [, number] = /error code (\d)$/.exec(cause.message) ?? [];
  if (number === "4") return unsupported("it needs more than 64 MiB of memory", cause);
  if (number === "6")
    return unsupported("it has a SHA-256 checksum, or a filter besides LZMA2", cause);
  const message = "Cannot decompress xz data: it is damaged, or not complete";
  return new BuildError("INVALID_ARCHIVE", message, { cause });
}

function unsupported(why: string, cause: Error): BuildError {
  return new BuildError("UNSUPPORTED", `Cannot decompress xz data: ${why}`, {
    cause,
    hint: 'compress it with "xz -9" or less and no other options',
  });
}
