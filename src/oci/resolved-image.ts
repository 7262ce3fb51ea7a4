import { BuildError } from "../error.js";
import type { Descriptor } from "./descriptor.js";
import type { ImageConfig, Index, Manifest } from "./image.js";
import { parseDocument, parseImageConfig } from "./image-json.js";
import { formatPlatform, type Platform } from "./platform.js";
import { listPlatforms, selectPlatform } from "./select-platform.js";

/** A document with the descriptor that names its bytes. */
export interface Stored {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** An image for one platform, read down to its layers' descriptors. */
export interface ResolvedImage {
  /** What the name pointed at: the manifest, or the index that it was chosen from. */
  readonly root: Stored;
  readonly manifest: Stored & { readonly value: Manifest };
  readonly config: Stored & { readonly value: ImageConfig };
}

/** For whom to resolve an image, and how to read its parts. */
export interface ResolveOptions {
  /** What the user calls the image, for messages. */
  readonly name: string;
  readonly platform: Platform;
  /** The verified bytes that a descriptor names. */
  readonly fetch: (descriptor: Descriptor) => Promise<Uint8Array>;
}

/** Indexes may hold indexes (image-spec, image-index.md); nobody nests them deeper than this. */
const maxDepth = 4;

/** Manifests and configs are held in memory; registries refuse manifests above 4 MiB. */
const maxDocumentSize = 16 * 1024 * 1024;

/** Follows `root` to the image for a platform. */
export async function resolveImage(root: Stored, options: ResolveOptions): Promise<ResolvedImage> {
  let stored = root;
  for (let depth = 0; depth < maxDepth; depth++) {
    const document = parseDocument(stored.bytes, stored.descriptor.mediaType);
    if (document.kind === "manifest") {
      const manifest = { ...stored, value: document.manifest };
      return { root, manifest, config: await configOf(document.manifest, options) };
    }
    const descriptor = choose(document.index, options);
    stored = { descriptor, bytes: await fetchDocument(descriptor, options) };
  }
  throw new BuildError(
    "INVALID_IMAGE",
    `Cannot use image "${options.name}": too many nested indexes`,
  );
}

function choose(index: Index, { name, platform }: ResolveOptions): Descriptor {
  const found = selectPlatform(index, platform);
  if (found !== undefined) return found;
  throw new BuildError(
    "PLATFORM",
    `Cannot use image "${name}" for ${formatPlatform(platform)}: it has no such platform`,
    { hint: `it has ${listPlatforms(index).join(", ") || "no platform at all"}` },
  );
}

async function configOf(
  manifest: Manifest,
  options: ResolveOptions,
): Promise<ResolvedImage["config"]> {
  const descriptor = manifest.config;
  const bytes = await fetchDocument(descriptor, options);
  const value = parseImageConfig(bytes);
  const { length } = value.rootfs.diff_ids;
  if (length === manifest.layers.length) return { descriptor, bytes, value };
  throw new BuildError(
    "INVALID_IMAGE",
    `Cannot use image "${options.name}": its manifest has ${manifest.layers.length} layers, its config ${length}`,
  );
}

function fetchDocument(descriptor: Descriptor, options: ResolveOptions): Promise<Uint8Array> {
  if (descriptor.size <= maxDocumentSize) return options.fetch(descriptor);
  const what = `${descriptor.mediaType} of ${descriptor.size} bytes is too large`;
  throw new BuildError("INVALID_IMAGE", `Cannot use image "${options.name}": ${what}`);
}
