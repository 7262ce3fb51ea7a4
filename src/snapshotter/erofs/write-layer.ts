import { closeSync, openSync, rmSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { toBytePath, type Changeset, type Entry } from "../../oci/changeset.js";
import { readLayerTarFile, type WrittenEntry } from "../../oci/layer-tar.js";
import type { LayerMeasure } from "../snapshotter.js";
import { measureInto, type LayerSink } from "../tree-digest.js";
import { ContentDigests } from "./content-digests.js";
import { LayerIndex } from "./layer-index.js";
import { INDEX_NAME, TAR_NAME } from "./mount-layer.js";
import { portable } from "./portable.js";
import { tidyChanges } from "./tidy-changes.js";

/**
 * Writes a changeset as a layer into an empty directory: the tar, and the index over it. Every byte
 * is read once and written once; but for a foreign tar that is untidy (no order, repeats), of which
 * what `changes` will tell is written anew.
 */
export async function writeLayer(
  changes: Changeset,
  directory: string,
  signal?: AbortSignal,
): Promise<LayerMeasure> {
  const tar = join(directory, TAR_NAME);
  const first = await writeTar(portable(changes), tar, signal);
  if (first.index !== undefined) return writeIndex(directory, first.index, first.measure);
  const untidy = join(directory, "untidy.tar");
  renameSync(tar, untidy);
  const again = first.digests.applyTo(readLayerTarFile(toBytePath(untidy)));
  const tidy = await tidyChanges(again);
  const second = await writeTar(tidy, tar, signal);
  if (second.index === undefined) throw new Error("a tidied changeset is not tidy");
  rmSync(untidy);
  return writeIndex(directory, second.index, second.measure);
}

interface WrittenTar {
  readonly measure: LayerMeasure;
  /** Undefined where the changeset was not tidy. */
  readonly index: LayerIndex | undefined;
  readonly digests: ContentDigests;
}

async function writeTar(
  changes: Changeset,
  path: string,
  signal: AbortSignal | undefined,
): Promise<WrittenTar> {
  const sink = new TarSink(path);
  try {
    const measure = await measureInto(sink, changes, signal);
    return { measure, index: sink.index, digests: sink.digests };
  } finally {
    sink.close();
  }
}

/** Writes the bytes to a file and the entries to an index, as long as they are tidy. */
class TarSink implements LayerSink {
  readonly #fd: number;
  readonly digests = new ContentDigests();
  index: LayerIndex | undefined = new LayerIndex();

  constructor(path: string) {
    this.#fd = openSync(path, "wx", 0o600);
  }

  entry(entry: Entry, { sha256, offset }: WrittenEntry): void {
    if (sha256 !== undefined) this.digests.push(sha256);
    if (this.index?.add(entry, offset) === false) this.index = undefined;
  }

  bytes(chunk: Uint8Array): void {
    writeAll(this.#fd, chunk);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function writeIndex(directory: string, index: LayerIndex, measure: LayerMeasure): LayerMeasure {
  const fd = openSync(join(directory, INDEX_NAME), "wx", 0o600);
  try {
    for (const part of index.finish(measure.size)) writeAll(fd, part);
  } finally {
    closeSync(fd);
  }
  return measure;
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.byteLength;) done += writeSync(fd, bytes, done);
}
