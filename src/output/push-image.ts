import type { Descriptor } from "../oci/descriptor.js";
import type { Reference } from "../oci/reference.js";
import type { Stored } from "../oci/resolved-image.js";
import type { PackedImage } from "./packed-image.js";

/** The part of a registry that a push needs. */
export interface PushTarget {
  pushBlob(
    reference: Reference,
    blob: Descriptor,
    options: {
      readonly open: () => AsyncIterable<Uint8Array>;
      readonly signal: AbortSignal;
      readonly onProgress?: (sent: number) => void;
    },
  ): Promise<"present" | "mounted" | "uploaded">;
  pushManifest(reference: Reference, stored: Stored, signal: AbortSignal): Promise<void>;
}

/** What became of a layer; `sent` bytes are on their way, or it ended. */
export type PushProgress = (
  layer: Descriptor,
  state: "mounted" | "present" | "uploaded" | { readonly sent: number },
) => void;

/** Layers at the same time. */
const PARALLEL = 3;

/** Uploads what the registry lacks: layers in parallel, then the config, then the manifest (N04). */
export async function pushImage(
  image: PackedImage,
  reference: Reference,
  {
    target,
    progress,
    signal,
  }: { readonly target: PushTarget; readonly progress: PushProgress; readonly signal: AbortSignal },
): Promise<void> {
  const todo = image.layers.filter(
    ({ descriptor }, i, all) =>
      all.findIndex((other) => other.descriptor.digest === descriptor.digest) === i,
  );
  const work = async (): Promise<void> => {
    for (let layer = todo.shift(); layer !== undefined; layer = todo.shift()) {
      const { descriptor, open } = layer;
      const onProgress = (sent: number): void => {
        progress(descriptor, { sent });
      };
      progress(
        descriptor,
        await target.pushBlob(reference, descriptor, { open, signal, onProgress }),
      );
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  const { config, manifest } = image;
  await target.pushBlob(reference, config.descriptor, { open: () => once(config.bytes), signal });
  await target.pushManifest(reference, manifest, signal);
}

// eslint-disable-next-line @typescript-eslint/require-await -- one chunk, as a stream
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
