import { join } from "node:path";
import type { LayerIndex } from "./layer-index.js";
import { INDEX_NAME } from "./mount-layer.js";
import { OutFile } from "./out-file.js";

/** Writes the index of a tar of `tarSize` bytes beside it. */
export function writeIndex(directory: string, index: LayerIndex, tarSize: number): void {
  using file = OutFile.create(join(directory, INDEX_NAME));
  for (const part of index.finish(tarSize)) file.write(part);
}
