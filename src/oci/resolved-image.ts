import { BuildError } from "../error.js";
import { dockerMediaTypes, mediaTypes, type Descriptor } from "./descriptor.js";
import type { Digest } from "./digest.js";
import type { ImageConfig, Manifest } from "./image.js";
import { parseDocument, parseImageConfig } from "./image-json.js";
import { formatPlatform, type Platform } from "./platform.js";
import { listPlatforms, selectPlatforms } from "./select-platform.js";

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
  const others: string[] = [];
  const manifest = await find(root, { ...options, others, seen: new Set() }, 1);
  if (manifest !== undefined) {
    return { root, manifest, config: await configOf(manifest.value, options) };
  }
  throw new BuildError(
    "PLATFORM",
    `Cannot use image "${options.name}" for ${formatPlatform(options.platform)}: it has no such platform`,
    { hint: `it has ${others.join(", ") || "no platform at all"}` },
  );
}

interface Search extends ResolveOptions {
  /** The platforms that were found instead. */
  readonly others: string[];
  /** What was looked into: an index may list the same one thousands of times. */
  readonly seen: Set<Digest>;
}

/** The manifest for the platform; an index in an index need not say what it is for, and several are looked into. */
async function find(
  stored: Stored,
  search: Search,
  depth: number,
): Promise<ResolvedImage["manifest"] | undefined> {
  const document = parseDocument(stored.bytes, stored.descriptor.mediaType);
  if (document.kind === "manifest") return { ...stored, value: document.manifest };
  if (depth === maxDepth) {
    throw new BuildError(
      "INVALID_IMAGE",
      `Cannot use image "${search.name}": too many nested indexes`,
    );
  }
  search.others.push(...listPlatforms(document.index));
  for (const descriptor of selectPlatforms(document.index, search.platform)) {
    if (search.seen.has(descriptor.digest)) continue;
    search.seen.add(descriptor.digest);
    const next = { descriptor, bytes: await fetchDocument(descriptor, search) };
    const found = await find(next, search, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function configOf(
  manifest: Manifest,
  options: ResolveOptions,
): Promise<ResolvedImage["config"]> {
  const descriptor = manifest.config;
  const bytes = await fetchDocument(descriptor, options);
  const value = configIn(bytes, manifest, options);
  const { length } = value.rootfs.diff_ids;
  if (length === manifest.layers.length) return { descriptor, bytes, value };
  throw new BuildError(
    "INVALID_IMAGE",
    `Cannot use image "${options.name}": its manifest has ${manifest.layers.length} layers, its config ${length}`,
  );
}

/** Registries keep other things than images, too: charts, signatures, modules. */
function configIn(bytes: Uint8Array, manifest: Manifest, { name }: ResolveOptions): ImageConfig {
  try {
    return parseImageConfig(bytes);
  } catch (error) {
    const type = manifest.artifactType ?? manifest.config.mediaType;
    if (type === mediaTypes.config || type === dockerMediaTypes.config) throw error;
    const message = `Cannot use "${name}": it is not an image, but of type "${type}"`;
    throw new BuildError("NOT_AN_IMAGE", message, { cause: error });
  }
}

function fetchDocument(descriptor: Descriptor, options: ResolveOptions): Promise<Uint8Array> {
  if (descriptor.size <= maxDocumentSize) return options.fetch(descriptor);
  const what = `${descriptor.mediaType} of ${descriptor.size} bytes is too large`;
  throw new BuildError("INVALID_IMAGE", `Cannot use image "${options.name}": ${what}`);
}
