import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../../error.js";
import type { DoneStep } from "../done-step.js";
import type { Descriptor } from "../../oci/descriptor.js";
import { fileBytes } from "../../oci/file-bytes.js";
import { inParallel } from "../../oci/in-parallel.js";
import { removeTree } from "../../snapshotter/remove-tree.js";
import type { CacheMountRecord } from "../../store/cache-mount.js";
import type { LayerCompression } from "../../store/layer-bytes.js";
import type { Store } from "../../store/store.js";
import { isChecked } from "./checked.js";
import type { Display } from "./display.js";
import { mountName, mountTitle, type MountChunk, type MountRecord } from "./mount-record.js";
import { packMount, spooled, type Packing } from "./pack-mount.js";
import type { CachePlace } from "./place.js";
import { isAboutContent, readable } from "./source.js";
import { wantedMounts, type WantedMounts } from "./wanted-mounts.js";

/** Chunks that are sent at the same time. */
const PARALLEL = 3;

/** Which cache mounts to export, and how. */
export interface MountsExport {
  readonly wanted: WantedMounts;
  readonly steps: readonly DoneStep[];
  readonly store: Pick<Store, "cacheMounts" | "now" | "work">;
  readonly compression: LayerCompression;
  /** Whether this build looked for a blob, and did not get it. */
  readonly isLost: (blob: Descriptor) => boolean;
  /** Where that is shown. */
  readonly board: Display;
  readonly vertex: number;
}

/**
 * Brings to `place` those cache mounts of a build that were used later here than what it has of them. One that
 * holds what cannot travel does not keep the others from it.
 */
export async function exportMounts(
  place: CachePlace,
  exported: MountsExport,
  signal: AbortSignal,
): Promise<void> {
  const { board, isLost, steps, store, wanted } = exported;
  const warn = (message: string): void => {
    board.warn(undefined, message);
  };
  let failure: BuildError | undefined;
  for (const identity of wantedMounts(steps, wanted, warn)) {
    const record = store.cacheMounts.latest(identity);
    if (record === undefined) continue; // no step has used it on this machine
    const found = await readable(place.mount(mountName(identity), signal));
    const before = found?.chunks.some(({ blob }) => isLost(blob)) === true ? undefined : found;
    if (before !== undefined && before.usedAt >= record.usedAt) continue;
    try {
      await exportMount({ place, record, before }, exported, signal);
    } catch (error) {
      if (!isAboutContent(error)) throw error;
      const what = `Cannot export ${titleOf(record)}: ${error.message}`;
      failure ??= new BuildError(error.code, what, { cause: error });
    }
  }
  if (failure !== undefined) throw failure;
}

function titleOf({ id }: CacheMountRecord): string {
  return `the cache mount ${mountTitle(id)}`;
}

/** One mount, here and there. */
interface Mount {
  readonly place: CachePlace;
  readonly record: CacheMountRecord;
  readonly before: MountRecord | undefined;
}

async function exportMount(
  { place, record, before }: Mount,
  exported: MountsExport,
  signal: AbortSignal,
): Promise<void> {
  const { board, compression, store } = exported;
  const { id, identity, usedAt } = record;
  const title = titleOf(record);
  const trusted = isChecked(before?.checkedAt, store.now()) ? before : undefined;
  const { chunks: known = [], checkedAt = store.now() } = trusted ?? {};
  const spool = await mkdtemp(join(store.work, "mount-"));
  try {
    const chunks = await pack(record, { known, compression, spool }, { store, signal });
    if (chunks === undefined) {
      board.warn(undefined, `Cannot export ${title}: another build is using it`);
      return;
    }
    const there = new Set(known);
    const missing = chunks.filter((chunk) => !there.has(chunk));
    await send(missing, { ...exported, title, place, spool }, signal);
    await place.setMount(mountName(identity), { id, usedAt, checkedAt, chunks }, signal);
  } finally {
    await removeTree(spool);
  }
}

/** Others may have the directory again before anything is sent. Undefined when they have it now. */
async function pack(
  record: CacheMountRecord,
  packing: Packing,
  { store, signal }: Pick<MountsExport, "store"> & { readonly signal: AbortSignal },
): Promise<readonly MountChunk[] | undefined> {
  await using held = await store.cacheMounts.read(record);
  return held && (await packMount(held.entries, packing, signal));
}

/** What is shown of the sending, and where it is from and goes to. */
interface Sending extends Pick<MountsExport, "board" | "vertex"> {
  readonly title: string;
  readonly place: CachePlace;
  readonly spool: string;
}

async function send(
  chunks: readonly MountChunk[],
  { board, vertex, title, place, spool }: Sending,
  signal: AbortSignal,
): Promise<void> {
  const blobs = new Map(chunks.map(({ blob }) => [blob.digest, blob]));
  const total = [...blobs.values()].reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  const sendBlob = async (blob: Descriptor, inner: AbortSignal): Promise<void> => {
    const open = (): AsyncIterable<Uint8Array> => fileBytes(spooled(spool, blob.digest));
    const outcome = await place.write(blob, { open, signal: inner });
    if (outcome === "uploaded") board.traffic({ sent: blob.size });
    board.progress(vertex, title, (done += blob.size), total);
  };
  await inParallel(blobs.values(), PARALLEL, sendBlob, signal);
}
