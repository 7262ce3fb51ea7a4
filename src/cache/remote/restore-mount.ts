import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../../error.js";
import { decompressed } from "../../oci/compression.js";
import type { Descriptor } from "../../oci/descriptor.js";
import { fileBytes } from "../../oci/file-bytes.js";
import { inParallel } from "../../oci/in-parallel.js";
import { readArchive } from "../../oci/layer-tar.js";
import { verified, verifiedBytes } from "../../oci/verified.js";
import { isLie } from "../../registry/mirrors.js";
import { removeTree } from "../../snapshotter/remove-tree.js";
import type { FillCache } from "../../store/cache-mount.js";
import type { Store } from "../../store/store.js";
import { messageOf } from "../../sys/system-failure.js";
import type { Display } from "./display.js";
import { chunkTypes, mountTitle, type MountChunk, type MountRecord } from "./mount-record.js";
import { spooled } from "./pack-mount.js";
import type { CacheSource } from "./source.js";

/** Chunks that are fetched at the same time. */
const PARALLEL = 3;

/** A cache mount in a place, and what writes it here. */
export interface RemoteMount {
  readonly record: MountRecord;
  readonly source: CacheSource;
  readonly fill: FillCache;
}

/**
 * Fills a cache mount with what a place has of it; false, and a warning, where that cannot be. All of it is here
 * before anything is written.
 */
export async function restoreMount(
  { record, source, fill }: RemoteMount,
  { board, store }: { readonly board: Display; readonly store: Pick<Store, "work"> },
  signal: AbortSignal,
): Promise<boolean> {
  const title = `the cache mount ${mountTitle(record.id)}`;
  const vertex = board.declare(`[internal] restore ${title}`);
  board.start(vertex);
  const spool = await mkdtemp(join(store.work, "mount-"));
  try {
    const tell = (current: number, total: number): void => {
      board.progress(vertex, title, current, total);
    };
    await fetchBlobs({ record, source, spool }, tell, signal);
    const entries = readArchive(tarOf(record, spool));
    const first = await entries.next();
    if (first.done === true || first.value.type !== "directory" || first.value.path !== "")
      throw new BuildError("INVALID_ARCHIVE", "it does not begin with its own directory");
    await fill({ ...first.value, entries });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    source.loseMount(record);
    const from = source.place.title;
    board.warn(undefined, `Cannot restore ${title} from ${from}: ${messageOf(error)}`);
    return false;
  } finally {
    await removeTree(spool);
    board.end(vertex, { kind: "done" });
  }
}

async function fetchBlobs(
  { record, source, spool }: Omit<RemoteMount, "fill"> & { readonly spool: string },
  tell: (current: number, total: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const blobs = new Map(record.chunks.map(({ blob }) => [blob.digest, blob]));
  const total = [...blobs.values()].reduce((sum, { size }) => sum + size, 0);
  let current = 0;
  await inParallel(
    blobs.values(),
    PARALLEL,
    async (blob, inner) => {
      await fetchBlob(blob, { source, spool }, inner);
      tell((current += blob.size), total);
    },
    signal,
  );
}

/** Again from elsewhere, where what came was not the blob and the source knows another place. */
async function fetchBlob(
  blob: Descriptor,
  { source, spool }: Pick<RemoteMount, "source"> & { readonly spool: string },
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      await writeFile(spooled(spool, blob.digest), verified(source.open(blob, signal), blob));
      return;
    } catch (error) {
      if (!isLie(error) || !source.refuse(blob, error)) throw error;
    }
  }
}

async function* tarOf({ chunks }: MountRecord, spool: string): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield await plainBytes(chunk, spool);
}

/** What is not compressed may well look as if it were. */
async function plainBytes(chunk: MountChunk, spool: string): Promise<Uint8Array> {
  const { digest, mediaType } = chunk.blob;
  const bytes = fileBytes(spooled(spool, digest));
  const isPlain = mediaType === chunkTypes.uncompressed;
  return await verifiedBytes(isPlain ? bytes : decompressed(bytes), chunk);
}
