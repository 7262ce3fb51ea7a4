import { join } from "node:path";
import type { Changeset, Entry } from "../../oci/changeset.js";
import type { WrittenEntry } from "../../oci/layer-tar.js";
import type { KnownChanges, LayerMeasure } from "../snapshotter.js";
import { measureInto, treeDigest, type LayerSink } from "../tree-digest.js";
import { LayerIndex } from "./layer-index.js";
import { LayerTarFile } from "./layer-tar-file.js";
import { TAR_NAME } from "./layer-place.js";
import { portable } from "./portable.js";
import { writeIndex } from "./write-index.js";

/** A layer that was measured. */
export interface MeasuredLayer {
  readonly measure: LayerMeasure;
  /** Writes one that is still in memory; to be called once. */
  readonly keep: () => void;
}

interface MeasureOptions extends Pick<KnownChanges, "tree"> {
  readonly signal?: AbortSignal | undefined;
}

/** Writes a changeset as a layer into an empty directory, or a new one: the tar, and the index over it. */
export async function writeLayer(
  changes: Changeset,
  directory: string,
  signal?: AbortSignal,
): Promise<LayerMeasure> {
  const { measure, keep } = await measureLayer(changes, directory, { signal });
  keep();
  return measure;
}

/** As `writeLayer`, but a small one is not written before it is kept. Every byte is read once and written once. */
export async function measureLayer(
  changes: Changeset,
  directory: string,
  { signal, tree }: MeasureOptions,
): Promise<MeasuredLayer> {
  using tar = new LayerTarFile(join(directory, TAR_NAME));
  const index = new LayerIndex();
  const sink: LayerSink = {
    entry(entry: Entry, written: WrittenEntry): void {
      if (!index.add(entry, written)) throw new Error(`"${entry.path}" is not in order`);
    },
    bytes: (chunk) => tar.append(chunk),
    state(state) {
      index.addState(state);
    },
  };
  let others = 0;
  const stored = portable(changes, () => {
    others++;
  });
  const measured = await measureInto(sink, stored, signal, tree);
  // the digest that is known is that of what was to be stored
  const measure =
    tree === undefined || others === 0 ? measured : { ...measured, tree: await treeDigest(stored) };
  const keep = (): void => {
    tar.keep();
    writeIndex(directory, index, measure.size);
  };
  if (tar.isSmall) return { measure, keep };
  keep();
  return { measure, keep: () => undefined };
}
