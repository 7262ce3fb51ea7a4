import { join } from "node:path";
import type { LayerIndex } from "./layer-index.js";
import { INDEX_NAME } from "./layer-place.js";
import { OutFile } from "./out-file.js";

/** Writes the index of a tar beside it, or of several into a directory; with their sizes in bytes. */
export function writeIndex(
  directory: string,
  index: LayerIndex,
  ...tarSizes: readonly number[]
): void {
  using file = OutFile.create(join(directory, INDEX_NAME));
  for (const part of index.finish(...tarSizes)) file.write(part);
}
