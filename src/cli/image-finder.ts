import { join } from "node:path";
import type { BaseImage, ImageName, ImageResolver, LayerProgress } from "../builder/engine.js";
import { digestOf } from "../oci/digest.js";
import { fileBytes } from "../oci/file-bytes.js";
import { blobPath, parseLayoutName, readImageLayout } from "../oci/image-layout.js";
import { normalizePlatform, type Platform } from "../oci/platform.js";
import { formatReference, parseReference } from "../oci/reference.js";
import type { ResolvedImage } from "../oci/resolved-image.js";
import type { RegistryClient } from "../registry/registry-client.js";
import type { LayerChain } from "../snapshotter/snapshotter.js";
import { ingestImage, type BlobSource } from "../store/image-ingest.js";
import type { ImageRecord } from "../store/images.js";
import type { Store } from "../store/store.js";

/** Where images may come from. */
export interface ImageFinderOptions {
  readonly store: Store;
  readonly registry: () => Promise<RegistryClient>;
  /** Ask the registry even when the store has an image of that name. */
  readonly pull: boolean;
}

/** An image of a registry or an OCI layout, whose layers may not be here yet. */
export interface RemoteImage extends BaseImage {
  readonly resolved: ResolvedImage;
}

/** Finds images by the names that FROM, --from and `tsbuild pull` use. */
export class ImageFinder implements ImageResolver {
  readonly #options: ImageFinderOptions;

  constructor(options: ImageFinderOptions) {
    this.#options = options;
  }

  async resolve({ reference, platform }: ImageName, signal: AbortSignal): Promise<BaseImage> {
    if (reference.startsWith("oci-layout://")) return await this.layout(reference, platform);
    const local = this.#options.pull ? undefined : await this.#local(reference, platform);
    return local ?? (await this.remote(reference, platform, signal));
  }

  /** An image of an OCI layout directory: `oci-layout://path[:tag][@digest]`. */
  async layout(reference: string, platform: Platform): Promise<RemoteImage> {
    const name = parseLayoutName(reference);
    const resolved = await readImageLayout(name, platform);
    const source: BlobSource = {
      open: ({ digest }) => fileBytes(join(name.path, blobPath(digest))),
    };
    return this.#fetched(reference, resolved, source, []);
  }

  /** An image of a registry; once its layers are here, the store knows it under its name. */
  async remote(name: string, platform: Platform, signal: AbortSignal): Promise<RemoteImage> {
    const reference = parseReference(name);
    const registry = await this.#options.registry();
    const resolved = await registry.image(reference, platform, signal);
    const source: BlobSource = {
      open: (descriptor, inner) => registry.blob(reference, descriptor, inner),
    };
    return this.#fetched(name, resolved, source, [formatReference(reference)]);
  }

  /** Undefined when the store has no such image, has it for another platform, or not whole. */
  async #local(name: string, platform: Platform): Promise<BaseImage | undefined> {
    const { images, layers } = this.#options.store;
    parseReference(name); // whatever the store holds, a name must be one
    const record = images.find(name, SHORT_ID_DIGITS);
    if (record === undefined) return undefined;
    const config = await images.config(record);
    if (!samePlatform(config, platform)) return undefined;
    const chain = await layers.findChain(config.rootfs.diff_ids);
    const digest = record.manifest?.digest ?? record.id;
    return chain && { config, digest, layers: () => Promise.resolve(chain) };
  }

  #fetched(
    name: string,
    resolved: ResolvedImage,
    source: BlobSource,
    names: readonly string[],
  ): RemoteImage {
    const config = resolved.config.value;
    return {
      config,
      digest: resolved.manifest.descriptor.digest,
      resolved,
      layers: (progress, signal) =>
        this.#fetch({ name, resolved, source, names, progress }, signal),
    };
  }

  async #fetch({ name, resolved, source, names, progress }: Fetch, signal: AbortSignal) {
    const { store } = this.#options;
    const chain: LayerChain = await ingestImage(
      store,
      {
        name,
        manifest: resolved.manifest.value,
        config: resolved.config.value,
        source,
        onProgress: ({ digest, size }, current) => {
          progress(digest, current, size);
        },
      },
      signal,
    );
    await recordImage(store, resolved, names);
    return chain;
  }
}

/** What `tsbuild images` shows of an id; of a name like "cafe" or "0" less must not be taken for one. */
const SHORT_ID_DIGITS = 12;

interface Fetch {
  readonly name: string;
  readonly resolved: ResolvedImage;
  readonly source: BlobSource;
  readonly names: readonly string[];
  readonly progress: LayerProgress;
}

/** Makes an image whose layers are here known to the store. */
export async function recordImage(
  store: Store,
  { config, manifest }: Pick<ResolvedImage, "config" | "manifest">,
  names: readonly string[],
): Promise<ImageRecord> {
  await store.blobs.writeWhole(config.bytes);
  await store.blobs.writeWhole(manifest.bytes);
  const record: ImageRecord = {
    id: digestOf(config.bytes),
    manifest: manifest.descriptor,
    createdAt: Date.now(),
  };
  await store.images.put(record, names);
  return record;
}

function samePlatform(
  config: Pick<Platform, "os" | "architecture" | "variant">,
  want: Platform,
): boolean {
  const [found, wanted] = [normalizePlatform(config), normalizePlatform(want)];
  return (
    found.os === wanted.os &&
    found.architecture === wanted.architecture &&
    (wanted.variant === undefined || found.variant === wanted.variant)
  );
}
