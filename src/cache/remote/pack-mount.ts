import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../../error.js";
import { toText, type BytePath, type Changeset, type Entry } from "../../oci/changeset.js";
import { gzipped, zstdCompressed } from "../../oci/compress.js";
import { digestOf, hexOf, type Digest } from "../../oci/digest.js";
import { writeLayerTar } from "../../oci/layer-tar.js";
import { streamOf } from "../../oci/stream-of.js";
import type { LayerCompression } from "../../store/layer-bytes.js";
import { chunked } from "./chunked.js";
import { chunkTypes, type MountChunk } from "./mount-record.js";

/** How to pack. */
export interface Packing {
  /** What the place has: these chunks are not made again. */
  readonly known: readonly MountChunk[];
  readonly compression: LayerCompression;
  /** A directory that gets the blobs of all others. */
  readonly spool: string;
}

/** Where the spool has a blob. */
export function spooled(spool: string, digest: Digest): string {
  return join(spool, hexOf(digest));
}

/** The chunks of a directory's tar. */
export async function packMount(
  entries: Changeset,
  { known, compression, spool }: Packing,
  signal: AbortSignal,
): Promise<readonly MountChunk[]> {
  const made = new Map(known.map((chunk) => [chunk.digest, chunk]));
  const chunks: MountChunk[] = [];
  for await (const bytes of chunked(tarOf(entries))) {
    signal.throwIfAborted();
    const digest = digestOf(bytes);
    const chunk = made.get(digest) ?? (await packChunk(bytes, { compression, spool }));
    made.set(digest, chunk);
    chunks.push(chunk);
  }
  return chunks;
}

function tarOf(entries: Changeset): AsyncGenerator<Uint8Array> {
  return writeLayerTar(withoutWhiteouts(entries), { reuse: true, anyName: true });
}

/** What overlayfs keeps to itself could not be made again on another machine. */
async function* withoutWhiteouts(entries: Changeset): AsyncGenerator<Entry> {
  for await (const entry of entries) {
    const isWhiteout = entry.type === "char" && entry.major === 0 && entry.minor === 0;
    if (isWhiteout) throw new BuildError("UNSUPPORTED", whiteoutIn(entry.path));
    yield entry;
  }
}

function whiteoutIn(path: BytePath): string {
  return `"${toText(path)}" in it is a whiteout of overlayfs`;
}

async function packChunk(
  bytes: Uint8Array,
  { compression, spool }: Omit<Packing, "known">,
): Promise<MountChunk> {
  const packed = await compressed(bytes, compression);
  const digest = digestOf(packed);
  await writeFile(spooled(spool, digest), packed);
  const mediaType = chunkTypes[compression.type];
  const blob = { mediaType, digest, size: packed.byteLength };
  return { digest: digestOf(bytes), size: bytes.byteLength, blob };
}

async function compressed(
  bytes: Uint8Array,
  { type, level }: LayerCompression,
): Promise<Uint8Array> {
  if (type === "uncompressed") return bytes;
  const compress = type === "gzip" ? gzipped : zstdCompressed;
  const pieces: Uint8Array[] = [];
  for await (const piece of compress(streamOf(bytes), level)) pieces.push(piece);
  return Buffer.concat(pieces);
}
