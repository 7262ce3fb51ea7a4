import { join } from "node:path";
import type { BaseImage, ImageName, ImageResolver, LayerProgress } from "../builder/engine.js";
import { digestOf } from "../oci/digest.js";
import { fileBytes } from "../oci/file-bytes.js";
import { blobPath, parseLayoutName, readImageLayout } from "../oci/image-layout.js";
import { inParallel } from "../oci/in-parallel.js";
import { normalizePlatform, type Platform } from "../oci/platform.js";
import { formatReference, parseReference, type Reference } from "../oci/reference.js";
import type { ResolvedImage, Stored } from "../oci/resolved-image.js";
import type { RegistryClient } from "../registry/registry-client.js";
import type { LayerChain } from "../snapshotter/snapshotter.js";
import { ingestImage, type BlobSource, type OnLayerProgress } from "../store/image-ingest.js";
import type { ImageRecord } from "../store/image-record.js";
import type { Store } from "../store/store.js";

/** Where images may come from. */
export interface ImageFinderOptions {
  readonly store: Store;
  readonly registry: () => Promise<RegistryClient>;
  /** Ask the registry even when the store has an image of that name. */
  readonly pull: boolean;
  /**
   * This machine: an image for another one, which a build starts from, leaves its name to that for this
   * machine. Undefined where the name is to be that of whatever is fetched.
   */
  readonly host?: Platform;
  /** Told what was wrong with what came, where something else could be used. */
  readonly warn: (message: string) => void;
}

/** An image of a registry or an OCI layout, whose layers may not be here yet. */
export interface RemoteImage extends BaseImage {
  readonly resolved: ResolvedImage;
}

/** Finds images by the names that FROM, --from and `tsbuild pull` use. */
export class ImageFinder implements ImageResolver {
  readonly #options: ImageFinderOptions;
  readonly #roots = new Map<string, Promise<Stored>>();

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
    return this.#fetched(reference, resolved, { source, platform });
  }

  /** An image of a registry; once its layers are here, the store knows it under its name. */
  async remote(name: string, platform: Platform, signal: AbortSignal): Promise<RemoteImage> {
    const reference = parseReference(name);
    const registry = await this.#options.registry();
    const root = await this.#root(reference, signal);
    const resolved = await registry.imageOf(root, reference, { platform, signal });
    this.#warn(registry);
    const source: BlobSource = {
      open: (descriptor, inner) => registry.download(reference, descriptor, inner),
      refuse: (descriptor, error) => {
        const isElsewhere = registry.distrust(descriptor, error);
        this.#warn(registry);
        return isElsewhere;
      },
    };
    return this.#fetched(name, resolved, { source, platform, reference });
  }

  #warn(registry: RegistryClient): void {
    for (const message of registry.takeWarnings()) this.#options.warn(message);
  }

  /** What a name points at: asked once, so that all platforms of a build see the same (S22). */
  #root(reference: Reference, signal: AbortSignal): Promise<Stored> {
    const name = formatReference(reference);
    const known = this.#roots.get(name);
    if (known !== undefined) return known;
    const root = this.#options.registry().then((registry) => registry.resolve(reference, signal));
    this.#roots.set(name, root);
    return root;
  }

  /** Undefined when the store has no such image, has it for other platforms only, or not whole. */
  async #local(name: string, platform: Platform): Promise<BaseImage | undefined> {
    const { images, layers } = this.#options.store;
    parseReference(name); // whatever the store holds, a name must be one
    for (const record of [images.find(name, SHORT_ID_DIGITS), images.findAside(name, platform)]) {
      const member = record && (await images.member(record, platform));
      if (member === undefined) continue;
      const config = await images.config(member);
      if (!samePlatform(config, platform)) continue;
      const chain = await layers.findChain(config.rootfs.diff_ids);
      if (chain === undefined) continue;
      const digest = member.manifest?.digest ?? member.id;
      return { config, digest, layers: () => Promise.resolve(chain) };
    }
    return undefined;
  }

  #fetched(name: string, resolved: ResolvedImage, from: Found): RemoteImage {
    const { config, manifest } = resolved;
    const { source } = from;
    const image = { name, manifest: manifest.value, config: config.value, source };
    const fetch = async (progress: LayerProgress, signal: AbortSignal): Promise<LayerChain> => {
      const onProgress: OnLayerProgress = ({ digest, size }, current) => {
        progress(digest, current, size);
      };
      const { store } = this.#options;
      let chain: LayerChain = [];
      const ingest = async (inner: AbortSignal): Promise<void> => {
        chain = await ingestImage(store, { ...image, onProgress }, inner);
      };
      // what else there is to bring to the disk need not wait for the layers
      const both = [ingest, () => this.#keepRest(resolved, from)];
      await inParallel(both, both.length, (task, inner) => task(inner), signal);
      await this.#record(resolved, from);
      return chain;
    };
    const { digest } = manifest.descriptor;
    return { config: config.value, digest, resolved, layers: fetch };
  }

  /** All but the layers, and where those are from. */
  async #keepRest(resolved: ResolvedImage, { reference }: Found): Promise<void> {
    const { store } = this.#options;
    await writeDocuments(store, resolved);
    if (reference === undefined) return;
    const digests = resolved.manifest.value.layers.map(({ digest }) => digest);
    await store.blobSources.remember(digests, reference);
  }

  async #record(resolved: ResolvedImage, { platform, reference }: Found): Promise<void> {
    const { host, store } = this.#options;
    const name = reference === undefined ? undefined : formatReference(reference);
    const isForeign = host !== undefined && !samePlatform(platform, host);
    const record = await recordImage(
      store,
      resolved,
      name === undefined || isForeign ? [] : [name],
    );
    if (name !== undefined && isForeign) await store.images.putAside(record, name, platform);
  }
}

/** What `tsbuild images` shows of an id; of a name like "cafe" or "0" less must not be taken for one. */
const SHORT_ID_DIGITS = 12;

/** Where an image was found. */
interface Found {
  readonly source: BlobSource;
  /** That was asked for. */
  readonly platform: Platform;
  /** Undefined of a layout, which gives no names. */
  readonly reference?: Reference;
}

type Documents = Pick<ResolvedImage, "config" | "manifest">;

async function writeDocuments({ blobs }: Store, { config, manifest }: Documents): Promise<void> {
  await blobs.writeWhole(config.bytes);
  await blobs.writeWhole(manifest.bytes);
}

/** Makes an image whose layers are here known to the store. */
export async function recordImage(
  store: Store,
  { config, manifest }: Documents,
  names: readonly string[],
): Promise<ImageRecord> {
  await writeDocuments(store, { config, manifest });
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
