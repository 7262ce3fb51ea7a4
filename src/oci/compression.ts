import { Readable, pipeline, type Duplex } from "node:stream";
import { BuildError } from "../error.js";
import { unbzip2 } from "./bzip2.js";
import { unxz } from "./xz.js";
import { unzstd } from "./zstd.js";

/** Longest prefix that tells a format: bzip2's header with its first block's. */
const magicLength = 10;

/**
 * The plain bytes of a layer or archive, whatever it is compressed with: gzip (any number of
 * members), zstd (any number of frames), bzip2, xz or nothing, told apart by how the bytes begin.
 */
export async function* decompressed(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { format, all } = await sniffed(bytes);
  switch (format) {
    case "plain":
      yield* all;
      return;
    case "gzip":
      yield* gunzipped(all);
      return;
    case "zstd":
      yield* unzstd(all);
      return;
    case "bzip2":
      yield* unbzip2(all);
      return;
    case "xz":
      yield* unxz(all);
  }
}

/** The plain bytes of gzip, of any number of members. */
export async function* gunzipped(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { createGunzip } = await import("node:zlib"); // most builds decompress nothing
  yield* through(bytes, createGunzip(inflating));
}

/**
 * Node's 16 KiB at once cost a turn of the event loop each. Some pieces are made ahead, on zlib's thread while
 * this one looks at others; as objects, because several buffers would be handed out as one copy.
 */
const inflating = { chunkSize: 1 << 20, readableObjectMode: true, readableHighWaterMark: 4 };

/** What bytes are compressed with, and the same bytes once more. */
export async function sniffed(bytes: AsyncIterable<Uint8Array>): Promise<{
  readonly format: Format;
  readonly all: AsyncIterable<Uint8Array>;
}> {
  const { head, all } = await peek(bytes, magicLength);
  return { format: detect(head), all };
}

type Format = "plain" | "gzip" | "zstd" | "bzip2" | "xz";

function detect(head: string): Format {
  if (head.startsWith("\x1f\x8b\x08")) return "gzip";
  if (head.startsWith("\x28\xb5\x2f\xfd") || /^[\x50-\x5f]\x2a\x4d\x18/.test(head)) return "zstd";
  if (head.startsWith("\xfd7zXZ\x00")) return "xz";
  // A tar begins with a file name, which may well be "BZh1": the block magic must follow.
  if (/^BZh[1-9](?:1AY&SY|\x17rE8P\x90)/.test(head)) return "bzip2";
  return "plain";
}

interface Peeked {
  /** As latin1. */
  readonly head: string;
  /** Everything, `head` included; to be read once. */
  readonly all: AsyncGenerator<Uint8Array>;
}

async function peek(bytes: AsyncIterable<Uint8Array>, length: number): Promise<Peeked> {
  const rest = bytes[Symbol.asyncIterator]();
  const seen: Uint8Array[] = [];
  let size = 0;
  while (size < length) {
    const next = await rest.next();
    if (next.done === true) break;
    seen.push(next.value);
    size += next.value.byteLength;
  }
  const head = Buffer.concat(seen).toString("latin1", 0, Math.min(size, length));
  return { head, all: resume(seen, rest) };
}

async function* resume(
  seen: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* seen;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
      yield next.value;
    }
  } finally {
    await rest.return?.();
  }
}

async function* through(
  bytes: AsyncIterable<Uint8Array>,
  transform: Duplex,
): AsyncGenerator<Uint8Array> {
  const source = Readable.from(bytes, { highWaterMark: 1 });
  // The iteration below throws whatever breaks the pipe; leaving it early closes both ends.
  pipeline(source, transform, () => undefined);
  try {
    for await (const chunk of transform) yield chunk;
  } catch (error) {
    if (!isZlibError(error)) throw error;
    const message = `Cannot decompress gzip data: ${error.message}`;
    throw new BuildError("INVALID_ARCHIVE", message, { cause: error });
  } finally {
    // Whoever takes the generator down wants to find the file closed.
    if (!source.closed) await new Promise((resolve) => source.once("close", resolve));
  }
}

function isZlibError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && String(error.code).startsWith("Z_");
}
