import { join } from "node:path";
import { toBytePath, type Changeset, type Entry } from "../../oci/changeset.js";
import { contentDigest } from "../../oci/content.js";
import { readLayerTarFile, readPlacedLayer } from "../../oci/layer-tar.js";
import { Measured } from "../../oci/measured.js";
import type { LayerMeasure } from "../snapshotter.js";
import { tidyChanges } from "../tidy-changes.js";
import { TreeHasher } from "../tree-digest.js";
import { ContentDigests } from "./content-digests.js";
import { LayerIndex } from "./layer-index.js";
import { FOREIGN_MARK, TAR_NAME } from "./mount-layer.js";
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
  const path = join(directory, TAR_NAME);
  const measured = new Measured(bytes);
  const found = await readOnce(kept(measured, path, signal));
  const { index, tree } = found.inOrder ?? (await tidied(path, found.digests));
  const { digest: diffId, size } = measured.result();
  writeIndex(directory, index, size);
  return { diffId, tree: tree.digest(), size };
}

/** What the tar that `keepLayer` keeps amounts to, in order. */
export async function* readKeptLayer(path: string): AsyncGenerator<Entry> {
  yield* await tidyChanges(portable(readLayerTarFile(toBytePath(path))));
}

async function* kept(
  bytes: AsyncIterable<Uint8Array>,
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  using file = OutFile.create(path);
  for await (const chunk of bytes) {
    signal?.throwIfAborted();
    file.write(chunk);
    yield chunk;
  }
}

/** Where everything is, and what it is. */
interface Indexed {
  readonly index: LayerIndex;
  readonly tree: TreeHasher;
}

interface Found {
  /** Undefined where the tar is untidy. */
  readonly inOrder: Indexed | undefined;
  readonly digests: ContentDigests;
}

async function readOnce(bytes: AsyncIterable<Uint8Array>): Promise<Found> {
  const digests = new ContentDigests();
  const tree = new TreeHasher();
  let index: LayerIndex | undefined = new LayerIndex();
  for await (const { entry: read, offset } of readPlacedLayer(bytes)) {
    const entry = portableEntry(read);
    const sha256 = entry.type === "file" ? await contentDigest(entry) : undefined;
    if (sha256 !== undefined) digests.push(sha256);
    if (index?.add(entry, { offset, sha256 }) === false) index = undefined;
    if (index !== undefined) tree.add(entry, sha256);
  }
  return { inOrder: index && { index, tree }, digests };
}

/** Of a tar of which the contents are known: only its headers are read again. */
async function tidied(path: string, digests: ContentDigests): Promise<Indexed> {
  const changes: Changeset = digests.applyTo(portable(readLayerTarFile(toBytePath(path))));
  const [index, tree] = [new LayerIndex(), new TreeHasher()];
  for (const entry of await tidyChanges(changes)) {
    const sha256 = entry.type === "file" ? entry.sha256 : undefined;
    const isTidy = index.add(entry, { offset: offsetOf(entry), sha256 });
    if (!isTidy) throw new Error("a tidied changeset is not tidy");
    tree.add(entry, sha256);
  }
  return { index, tree };
}

/** Where in the tar the content of an entry of `readLayerTarFile` begins. */
function offsetOf(entry: Entry): number {
  return entry.type === "file" && entry.content.kind === "file" ? entry.content.offset : 0;
}
