import type { Decompress } from "fzstd";
import { BuildError } from "../error.js";

/** 4 KiB of run-length blocks become 128 MiB at most; a whole chunk could become gigabytes. */
const pieceLength = 4096;

/**
 * Decompresses zstd with any number of frames. Not with Node's own zstd: in 22.23 it stops silently
 * after the first frame (zstd:chunked layers have many) and takes a truncated one as complete.
 */
export async function* unzstd(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import("fzstd");
  let ready: Uint8Array[] = [];
  const decoder = new Decompress((chunk) => ready.push(chunk));
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.byteLength; at += pieceLength) {
      push(decoder, chunk.subarray(at, at + pieceLength), false);
      yield* ready;
      ready = [];
    }
  }
  push(decoder, new Uint8Array(0), true);
  yield* ready;
}

function push(decoder: Decompress, piece: Uint8Array, final: boolean): void {
  try {
    decoder.push(piece, final);
  } catch (error) {
    // Hostile input also ends in RangeErrors inside the decoder.
    const why = error instanceof Error ? error.message : String(error);
    const message = `Cannot decompress zstd data: ${why}`;
    throw new BuildError("INVALID_ARCHIVE", message, { cause: error });
  }
}
