import { join } from "node:path";
import type { Changeset, Entry } from "../../oci/changeset.js";
import type { WrittenEntry } from "../../oci/layer-tar.js";
import type { LayerMeasure } from "../snapshotter.js";
import { measureInto, type LayerSink } from "../tree-digest.js";
import { LayerIndex } from "./layer-index.js";
import { TAR_NAME } from "./mount-layer.js";
import { OutFile } from "./out-file.js";
import { portable } from "./portable.js";
import { writeIndex } from "./write-index.js";

/**
 * Writes a changeset as a layer into an empty directory: the tar, and the index over it. Every byte
 * is read once and written once.
 */
export async function writeLayer(
  changes: Changeset,
  directory: string,
  signal?: AbortSignal,
): Promise<LayerMeasure> {
  using tar = OutFile.create(join(directory, TAR_NAME));
  const index = new LayerIndex();
  const sink: LayerSink = {
    entry(entry: Entry, written: WrittenEntry): void {
      if (!index.add(entry, written)) throw new Error(`"${entry.path}" is not in order`);
    },
    bytes: (chunk) => tar.append(chunk),
  };
  const measure = await measureInto(sink, portable(changes), signal);
  writeIndex(directory, index, measure.size);
  return measure;
}
