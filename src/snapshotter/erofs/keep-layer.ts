import { join } from "node:path";
import { toBytePath, type Entry } from "../../oci/changeset.js";
import { contentDigest, contentDigestNow } from "../../oci/content.js";
import { readLayerTarFile, readPlacedLayer, type WrittenEntry } from "../../oci/layer-tar.js";
import { Measured } from "../../oci/measured.js";
import { writingAlong } from "../../oci/writing-along.js";
import type { LayerMeasure } from "../snapshotter.js";
import { TidyChanges, tidyChanges } from "../tidy-changes.js";
import { TreeHasher } from "../tree-digest.js";
import { ContentDigests } from "./content-digests.js";
import { LayerIndex } from "./layer-index.js";
import { FOREIGN_MARK, TAR_NAME } from "./layer-place.js";
import { OutFile } from "./out-file.js";
import { portable, portableEntry } from "./portable.js";
import { writeIndex } from "./write-index.js";

/**
 * Keeps the tar of a layer from elsewhere as it comes, in an empty directory, and writes an index over
 * it. Of an untidy one (no order, repeats) the index is that of what it amounts to.
 */
export async function keepLayer(
  bytes: AsyncIterable<Uint8Array>,
  directory: string,
  signal?: AbortSignal,
): Promise<LayerMeasure> {
  OutFile.create(join(directory, FOREIGN_MARK))[Symbol.dispose]();
  const measured = new Measured(bytes);
  const tar = new KeptTar(measured, join(directory, TAR_NAME), signal);
  const { index, tree } = await indexed(tar);
  const { digest: diffId, size } = measured.result();
  writeIndex(directory, index, size);
  return { diffId, tree: tree.digest(), size };
}

/** What the tar that `keepLayer` keeps amounts to, in order. */
export async function* readKeptLayer(path: string): AsyncGenerator<Entry> {
  yield* await tidyChanges(portable(readLayerTarFile(toBytePath(path))));
}

/** A tar on its way into a file: each piece is written while it is looked at. To be read once. */
class KeptTar implements AsyncIterable<Uint8Array> {
  readonly path: string;
  readonly #bytes: AsyncIterable<Uint8Array>;
  readonly #signal: AbortSignal | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(bytes: AsyncIterable<Uint8Array>, path: string, signal: AbortSignal | undefined) {
    this.path = path;
    this.#bytes = bytes;
    this.#signal = signal;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    using file = OutFile.create(this.path);
    yield* writingAlong(this.#bytes, (piece) => {
      this.#signal?.throwIfAborted();
      return (this.#writing = file.append(piece));
    });
  }

  /** The first entries, whose headers were read already, with contents that are parts of the file. */
  async *first(count: number): AsyncGenerator<Entry> {
    if (count === 0) return;
    await this.#writing;
    let left = count;
    for await (const entry of portable(readLayerTarFile(toBytePath(this.path)))) {
      yield entry;
      if (--left === 0) return;
    }
  }
}

/** Where everything is, and what it is. */
class Indexed {
  readonly index = new LayerIndex();
  readonly tree = new TreeHasher();

  /** False when the changeset is not tidy: what is here is then of no more use. */
  add(entry: Entry, written: WrittenEntry): boolean {
    if (!this.index.add(entry, written)) return false;
    this.tree.add(entry, written.sha256);
    return true;
  }

  addTidied(entries: Iterable<Entry>): void {
    for (const entry of entries) {
      const sha256 = entry.type === "file" ? entry.sha256 : undefined;
      const isTidy = this.add(entry, { offset: offsetOf(entry), sha256 });
      if (!isTidy) throw new Error("a tidied changeset is not tidy");
    }
  }
}

/** So many entries at the beginning may be in any order: mmdebstrap's tars have /dev before the root. */
const EARLY = 256;

/** Reads the tar once; the headers of an untidy one up to where it turns out to be that twice. */
async function indexed(tar: KeptTar): Promise<Indexed> {
  const ordered = new Indexed();
  const digests = new ContentDigests();
  let [collected, count]: [TidyChanges | undefined, number] = [new TidyChanges(), 0];
  for await (const run of readPlacedLayer(tar)) {
    for (const { entry: read, offset } of run) {
      const entry = portableEntry(read);
      const sha256 =
        entry.type === "file"
          ? (contentDigestNow(entry) ?? (await contentDigest(entry)))
          : undefined;
      if (collected === undefined && !ordered.add(entry, { offset, sha256 })) {
        collected = new TidyChanges();
        for await (const earlier of digests.applyTo(tar.first(count))) collected.add(earlier);
      }
      collected?.add(placed(entry, { path: tar.path, offset, sha256 }));
      if (sha256 !== undefined) digests.push(sha256);
      if (++count !== EARLY || collected === undefined) continue;
      ordered.addTidied(collected.entries());
      collected = undefined;
    }
  }
  if (collected === undefined) return ordered;
  const tidied = new Indexed();
  tidied.addTidied(collected.entries());
  return tidied;
}

/** The same with content that is a part of the file. */
function placed(entry: Entry, { path, offset, sha256 }: Placed): Entry {
  if (entry.type !== "file") return entry;
  return { ...entry, sha256, content: { kind: "file", path: toBytePath(path), offset } };
}

interface Placed {
  readonly path: string;
  readonly offset: number;
  readonly sha256: string | undefined;
}

/** Where in the tar the content of an entry that was placed begins. */
function offsetOf(entry: Entry): number {
  return entry.type === "file" && entry.content.kind === "file" ? entry.content.offset : 0;
}
