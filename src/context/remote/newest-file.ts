import { BuildError } from "../../error.js";
import { decompressed } from "../../oci/compression.js";
import { readTar } from "../../oci/tar-reader.js";

/** The time of the newest file of an archive, in whole seconds; undefined of what is none. */
export async function newestFile(bytes: AsyncIterable<Uint8Array>): Promise<number | undefined> {
  let newest: number | undefined;
  try {
    for await (const { type, header } of readTar(decompressed(bytes))) {
      if (type === "file") newest = Math.max(newest ?? 0, Math.floor(header.mtime));
    }
  } catch (error) {
    if (error instanceof BuildError) return undefined;
    throw error;
  }
  return newest;
}
