import { isForeignLayer, type Descriptor } from "../oci/descriptor.js";
import { inParallel } from "../oci/in-parallel.js";
import type { Reference } from "../oci/reference.js";
import type { Stored } from "../oci/resolved-image.js";
import { streamOf } from "../oci/stream-of.js";
import type { BlobSources } from "../store/blob-sources.js";
import type { PackedImage, PackedLayer, PackedRoot } from "./packed-image.js";

/** The part of a registry that a push needs. */
export interface PushTarget {
  pushBlob(
    reference: Reference,
    blob: Descriptor,
    options: {
      readonly open: () => AsyncIterable<Uint8Array>;
      readonly signal: AbortSignal;
      readonly onProgress?: (sent: number) => void;
      readonly mountFrom?: string | undefined;
    },
  ): Promise<"present" | "mounted" | "uploaded">;
  pushManifest(reference: Reference, stored: Stored, signal: AbortSignal): Promise<void>;
}

/** What became of a layer; `sent` bytes are on their way, or it ended. */
export type PushProgress = (
  layer: Descriptor,
  state: "present" | "uploaded" | { readonly mountedFrom: string } | { readonly sent: number },
) => void;

/** Blobs at the same time. */
const PARALLEL = 3;

interface PushOptions {
  readonly target: PushTarget;
  /** Which repositories have which layers. */
  readonly sources: Pick<BlobSources, "find" | "remember">;
  readonly progress: PushProgress;
  readonly signal: AbortSignal;
}

/**
 * Uploads what the registry lacks: layers and configs in parallel, then the manifests that an index
 * lists, at last what the name leads to (N04).
 */
export async function pushImage(
  { root, images }: PackedRoot,
  reference: Reference,
  options: PushOptions,
): Promise<void> {
  const { target, signal } = options;
  await pushBlobs(images, reference, options);
  const { registry, repository } = reference;
  // One after the other: of two about the same subject, each may have to add itself to one list.
  for (const { manifest } of images) {
    const { digest } = manifest.descriptor;
    if (digest !== root.descriptor.digest)
      await target.pushManifest({ registry, repository, digest }, manifest, signal);
  }
  await target.pushManifest(reference, root, signal);
}

/** Each blob once; the first failure stops the rest. Configs are small, and go while the last layer does. */
async function pushBlobs(
  images: readonly PackedImage[],
  reference: Reference,
  options: PushOptions,
): Promise<void> {
  const layers = images
    .flatMap((image) => image.layers)
    .filter(({ descriptor }) => !isForeignLayer(descriptor)); // for others to fetch elsewhere (N14)
  const shown = layers.map((blob) => ({ blob, progress: options.progress }));
  const configs = images.map(({ config: { descriptor, bytes } }) => {
    const blob = { descriptor, open: () => streamOf(bytes) };
    return { blob, progress: () => undefined };
  });
  const all = [...shown, ...configs].map((part) => [part.blob.descriptor.digest, part] as const);
  const push = async ({ blob, progress }: Part, signal: AbortSignal): Promise<void> => {
    await pushBlob(blob, reference, { ...options, progress, signal });
  };
  await inParallel(new Map(all).values(), PARALLEL, push, options.signal);
  const digests = layers.map(({ descriptor }) => descriptor.digest);
  await options.sources.remember(digests, reference);
}

interface Part extends Pick<PushOptions, "progress"> {
  readonly blob: Blob;
}

/** What is sent of a layer or a config. */
type Blob = Pick<PackedLayer, "descriptor" | "open">;

async function pushBlob(
  { descriptor, open }: Blob,
  reference: Reference,
  { target, sources, progress, signal }: PushOptions,
): Promise<void> {
  const mountFrom = sources.find(descriptor.digest, reference);
  const onProgress = (sent: number): void => {
    progress(descriptor, { sent });
  };
  const options = { open, signal, onProgress, mountFrom };
  const done = await target.pushBlob(reference, descriptor, options);
  progress(descriptor, done === "mounted" ? { mountedFrom: mountFrom ?? "" } : done);
}
