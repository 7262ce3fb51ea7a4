import type { DoneStep } from "../done-step.js";
import { mergeFacts, type RootfsFacts } from "../rootfs-facts.js";
import type { Descriptor } from "../../oci/descriptor.js";
import type { Digest } from "../../oci/digest.js";
import { inParallel } from "../../oci/in-parallel.js";
import { verified } from "../../oci/verified.js";
import type { LayerBytes, LayerCompression } from "../../store/layer-bytes.js";
import { isChecked } from "./checked.js";
import { basesOf, describeStep, factsOf, filesOf, type Told } from "./describe-step.js";
import type { CachePlace } from "./place.js";
import { readable } from "./source.js";
import {
  emptyDocument,
  namesOf,
  serialize,
  type CacheDocument,
  type RemoteRecord,
} from "./record.js";
import { ImportedLayer } from "./imported-layer.js";

/** Blobs, and records, at the same time. */
const PARALLEL = 3;
/** Of a document: it is read by every build that uses the cache. In bytes. */
const LARGEST_DOCUMENT = 1 << 20;

/** What an export is made of. */
export interface CacheExport extends Told {
  readonly layerBytes: LayerBytes;
  readonly compression: LayerCompression;
  /** Whether this build looked for a blob that a record names, and did not get it. */
  readonly isLost: (blob: Descriptor) => boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Images that a document tells of: those of the latest exports. */
const MOST_BASES = 100;

/** How an export comes along. */
export interface ExportOptions {
  readonly signal: AbortSignal;
  readonly progress: (
    blob: Descriptor,
    state: "present" | "uploaded" | { readonly sent: number },
  ) => void;
}

/** Brings to `place` what it lacks: the layers, a record of each step, then the document of them all. */
export async function exportCache(
  place: CachePlace,
  exported: CacheExport,
  { signal, progress }: ExportOptions,
): Promise<void> {
  const before = (await readable(place.latest(signal))) ?? emptyDocument;
  const known = new Set(before.steps.map((record) => serialize(record).toString()));
  const there = checkedBlobs(before, exported);
  const layers = await packLayers(exported, signal);
  const sendLayer = async ({ blob, open }: PackedLayer, inner: AbortSignal): Promise<void> => {
    if (there.has(blob.digest)) {
      progress(blob, "present");
      return;
    }
    const onProgress = (sent: number): void => {
      progress(blob, { sent });
    };
    progress(blob, await place.write(blob, { open, onProgress, signal: inner }));
  };
  const blobs = new Map(layers.map((layer) => [layer.blob.digest, layer]));
  await inParallel(blobs.values(), PARALLEL, sendLayer, signal);
  const steps = layers.map(({ record }) => record);
  const fresh = steps.filter((record) => !known.has(serialize(record).toString()));
  const putRecord = async (record: RemoteRecord, inner: AbortSignal): Promise<void> => {
    for (const name of namesOf(record)) await place.put(name, record, inner);
  };
  await inParallel(fresh, PARALLEL, putRecord, signal);
  const own = { steps, facts: factsOf(exported), bases: basesOf(exported.steps) };
  const isTold = fresh.length === 0 && hasFacts(before, own);
  if (isTold && [...blobs.keys()].every((digest) => there.has(digest))) return;
  const checkedAt = steps.map(({ layer }) => there.get(layer.blob.digest) ?? exported.now());
  await place.setLatest(merge({ ...own, checkedAt }, before), signal);
}

/**
 * What need not be asked for again, and when it was: a place that has lost something, as one may that removes
 * what is old, is found out a day later at most.
 */
function checkedBlobs(
  { steps, checkedAt = [] }: CacheDocument,
  { isLost, now }: CacheExport,
): ReadonlyMap<Digest, number> {
  const checked = new Map<Digest, number>();
  for (const [index, { layer }] of steps.entries()) {
    const time = checkedAt[index];
    if (time !== undefined && isChecked(time, now()) && !isLost(layer.blob))
      checked.set(layer.blob.digest, time);
  }
  return checked;
}

interface PackedLayer {
  readonly record: RemoteRecord;
  readonly blob: Descriptor;
  readonly open: () => AsyncIterable<Uint8Array>;
}

async function packLayers(
  { steps, ...exported }: CacheExport,
  signal: AbortSignal,
): Promise<readonly PackedLayer[]> {
  const packed = new Map<string, PackedLayer>();
  for (const done of steps) {
    const layer = await packLayer(done, exported, signal);
    packed.set(serialize(layer.record).toString(), layer); // two stages may have a step in common
  }
  return [...packed.values()];
}

/** What a step itself does not tell. */
interface Known extends Pick<RemoteRecord["layer"], "blob" | "size"> {
  readonly files: string | undefined;
}

/** A layer that nobody fetched goes on as it came. */
async function packLayer(
  done: DoneStep,
  { layerBytes, compression, cache }: Pick<CacheExport, "cache" | "compression" | "layerBytes">,
  signal: AbortSignal,
): Promise<PackedLayer> {
  const { layer } = done;
  const files = await filesOf(done, { cache });
  const here = "fetch" in layer ? layer.fetched() : layer;
  if (here === undefined) {
    if (!(layer instanceof ImportedLayer)) throw new Error("a layer that nobody can open");
    const { record, source } = layer;
    const { blob, size } = record.layer;
    const open = (): AsyncIterable<Uint8Array> => verified(source.open(blob, signal), blob);
    return { record: recordOf(done, { blob, size, files }), blob, open };
  }
  const { mediaType, digest, size } = await layerBytes.compressed(here, compression, signal);
  const blob = { mediaType, digest, size };
  const open = (): AsyncIterable<Uint8Array> => layerBytes.open(here, blob);
  return { record: recordOf(done, { blob, size: here.size, files }), blob, open };
}

function recordOf(done: DoneStep, { blob, size, files }: Known): RemoteRecord {
  const { diffId, tree, createdAt } = done.layer;
  const took = done.took === undefined ? {} : { took: done.took };
  const told = files === undefined ? {} : { files };
  return {
    ...describeStep(done),
    ...took,
    ...told,
    layer: { diffId, tree, size, createdAt, blob },
  };
}

function hasFacts(before: CacheDocument, own: CacheDocument): boolean {
  const known = new Map(before.facts);
  return own.facts.every(([state, facts]) => {
    const told = known.get(state);
    return told !== undefined && answersIn(mergeFacts(facts, told)) === answersIn(told);
  });
}

function answersIn({ resolved, nodes, ids, trees = [] }: RootfsFacts): number {
  return resolved.length + nodes.length + ids.length + trees.length;
}

/** What this export tells, and after it what earlier ones told, while there is room. */
function merge(own: Required<CacheDocument>, before: CacheDocument): CacheDocument {
  const earlier = new Map(before.facts);
  const facts = new Map(
    own.facts.map(([state, now]) => {
      const told = earlier.get(state);
      return [state, told === undefined ? now : mergeFacts(now, told)];
    }),
  );
  const names = new Set(own.steps.flatMap(namesOf));
  const [steps, checkedAt] = [[...own.steps], [...own.checkedAt]];
  const bases = [...new Map([...own.bases, ...before.bases])].slice(0, MOST_BASES);
  let room = LARGEST_DOCUMENT - serialize({ steps, facts: [...facts], bases }).byteLength;
  const fits = (value: unknown): boolean => (room -= JSON.stringify(value).length + 1) > 0;
  for (const [index, record] of before.steps.entries()) {
    if (namesOf(record).every((name) => names.has(name)) || !fits(record)) continue;
    steps.push(record);
    checkedAt.push(before.checkedAt?.[index] ?? 0);
  }
  for (const entry of before.facts) {
    if (!facts.has(entry[0]) && fits(entry)) facts.set(...entry);
  }
  return { steps, checkedAt, facts: [...facts], bases };
}
