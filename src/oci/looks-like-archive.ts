import { BuildError } from "../error.js";
import { decodeHeader } from "./tar-decode.js";
import { BLOCK } from "./tar-header.js";

/** gzip, bzip2, xz and zstd. */
const magics = ["1f8b08", "425a68", "fd377a585a00", "28b52ffd"];

/** Whether bytes begin like a tar or something compressed; the first 512 are enough. */
export function looksLikeArchive(head: Buffer): boolean {
  const start = head.toString("hex", 0, 6);
  return magics.some((magic) => start.startsWith(magic)) || isTar(head);
}

function isTar(head: Buffer): boolean {
  if (head.byteLength < BLOCK) return false;
  try {
    return decodeHeader(head.subarray(0, BLOCK)) !== undefined;
  } catch (error) {
    if (error instanceof BuildError) return false;
    throw error;
  }
}
