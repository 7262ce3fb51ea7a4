import { BuildError, type BuildErrorCode } from "../error.js";
import { counted } from "../oci/counted.js";
import { decompressed } from "../oci/compression.js";
import type { Descriptor } from "../oci/descriptor.js";
import type { Digest } from "../oci/digest.js";
import { inParallel } from "../oci/in-parallel.js";
import type { ImageConfig, Manifest } from "../oci/image.js";
import type { LayerChain, LayerId } from "../snapshotter/snapshotter.js";
import { bulkWork } from "../sys/bulk-work.js";
import type { Blobs } from "./blobs.js";
import type { LayerRecord } from "./layers.js";
import type { PassingBlob } from "./passing-blob.js";
import type { Store } from "./store.js";

/** The parts of a store that this needs. */
type IngestStore = Pick<
  Store,
  "blobs" | "database" | "layerBytes" | "layers" | "locks" | "snapshotter"
>;

/** Where the layers of an image come from: a registry, an image layout, an archive. */
export interface BlobSource {
  /** The bytes that the descriptor names; they need not be verified. */
  open(descriptor: Descriptor, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Told that those were not what the descriptor names; true where `open` can give others. */
  refuse?(descriptor: Descriptor, error: BuildError): boolean;
}

/** Bytes of one layer that have come so far. */
export type OnLayerProgress = (layer: Descriptor, current: number) => void;

/** An image whose layers are to be made. */
export interface ImageToIngest {
  /** What the user calls it, for messages. */
  readonly name: string;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  readonly source: BlobSource;
  readonly onProgress?: OnLayerProgress;
}

/** Layers at the same time, as Docker does: more would not be faster, and hurt a registry. */
const PARALLEL = 3;

/**
 * Makes the layers of an image, but for those known by their DiffID: each is fetched once, kept as
 * the blob it came as, and unpacked on the way. The first failure stops the rest.
 */
export async function ingestImage(
  store: IngestStore,
  image: ImageToIngest,
  signal: AbortSignal,
): Promise<LayerChain> {
  const chain: LayerId[] = [];
  const ingest = async ([index, layer]: [number, LayerToIngest], inner: AbortSignal) => {
    chain[index] = (await ingestLayer(store, layer, inner)).id;
  };
  await inParallel(pairLayers(image).entries(), PARALLEL, ingest, signal);
  return chain;
}

/** One layer that is to be made. */
export interface LayerToIngest extends Pick<ImageToIngest, "name" | "source" | "onProgress"> {
  readonly layer: Descriptor;
  readonly diffId: Digest;
  /** When it was first made, in milliseconds since the epoch; now unless given. */
  readonly createdAt?: number | undefined;
}

function pairLayers({ manifest, config, ...image }: ImageToIngest): readonly LayerToIngest[] {
  const diffIds = config.rootfs.diff_ids;
  if (manifest.layers.length !== diffIds.length) {
    const found = `its manifest has ${manifest.layers.length} layers, its config ${diffIds.length}`;
    throw new BuildError("INVALID_IMAGE", `Cannot use image "${image.name}": ${found}`);
  }
  return diffIds.flatMap((diffId, index) => {
    const layer = manifest.layers[index];
    return layer === undefined ? [] : [{ ...image, layer, diffId }];
  });
}

/** Makes one layer, unless it is known by its DiffID. */
export async function ingestLayer(
  store: IngestStore,
  image: LayerToIngest,
  signal: AbortSignal,
): Promise<LayerRecord> {
  const { diffId } = image;
  const known = await store.layers.findByDiffId(diffId);
  if (known !== undefined) return known;
  await using _lock = await store.locks.lock(`pull ${diffId}`, signal);
  store.database.refresh();
  const fetched = await store.layers.findByDiffId(diffId); // by the one we waited for
  return fetched ?? (await fetchLayer(store, image, signal));
}

/** Again from elsewhere, where what came was not the blob and the source knows another place. */
async function fetchLayer(
  store: IngestStore,
  image: LayerToIngest,
  signal: AbortSignal,
): Promise<LayerRecord> {
  for (;;) {
    try {
      return await unpackLayer(store, image, signal);
    } catch (error) {
      if (!(error instanceof BuildError && damage.has(error.code))) throw error;
      const { layer, source } = image;
      const isBlob = await store.blobs.has(layer.digest); // then it is the image that is wrong
      if (isBlob || source.refuse?.(layer, error) !== true) throw error;
    }
  }
}

/** How it shows that bytes are not what they should be: often before the last one was counted. */
const damage: ReadonlySet<BuildErrorCode> = new Set(["DIGEST_MISMATCH", "INVALID_ARCHIVE"]);

async function unpackLayer(
  store: IngestStore,
  image: LayerToIngest,
  signal: AbortSignal,
): Promise<LayerRecord> {
  const { blobs, layerBytes, layers, snapshotter } = store;
  const { layer, diffId, createdAt } = image;
  using _bulk = await bulkWork();
  await using coming = (await blobs.has(layer.digest)) ? undefined : incoming(blobs, image, signal);
  const tar = decompressed(coming?.read() ?? blobs.read(layer.digest));
  await using draft = await snapshotter.ingestTar(tar, signal);
  const { measure } = draft;
  if (measure.diffId !== diffId) throw wrongDiffId(image, measure.diffId);
  // A gzip reader may end before what follows the data, and then the blob is not verified.
  if ((await coming?.stored()) === false) throw trailingData(image);
  // Blob first: a pulled layer without it could not be written again.
  layerBytes.keepOriginal(diffId, layer);
  return await layers.adopt(draft, { origin: "pulled", createdAt }, signal);
}

/** The blob from the source, on its way into the store. */
function incoming(
  blobs: Blobs,
  { layer, source, onProgress }: LayerToIngest,
  signal: AbortSignal,
): PassingBlob {
  const bytes = source.open(layer, signal);
  return blobs.keeping(
    counted(bytes, (current) => onProgress?.(layer, current)),
    layer,
  );
}

function wrongDiffId({ name, layer, diffId }: LayerToIngest, got: Digest): BuildError {
  const found = `layer ${layer.digest} unpacks to ${got}, its config says ${diffId}`;
  return new BuildError("DIGEST_MISMATCH", `Cannot use image "${name}": ${found}`);
}

function trailingData({ name, layer }: LayerToIngest): BuildError {
  const message = `Cannot use image "${name}": layer ${layer.digest} has data behind its end`;
  return new BuildError("INVALID_ARCHIVE", message);
}
