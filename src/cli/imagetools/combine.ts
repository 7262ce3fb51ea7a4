import { BuildError } from "../../error.js";
import {
  annotationKeys,
  dockerMediaTypes,
  mediaTypes,
  type Descriptor,
} from "../../oci/descriptor.js";
import { parseDocument, parseImageConfig } from "../../oci/image-json.js";
import type { Manifest } from "../../oci/image.js";
import {
  formatPlatform,
  normalizePlatform,
  platformOf,
  type Platform,
} from "../../oci/platform.js";
import type { Stored } from "../../oci/resolved-image.js";
import { isAttestation } from "../../oci/select-platform.js";
import { indexOf } from "../../output/packed-index.js";
import type { Annotation } from "../args/annotation.js";
import type { Source } from "./source.js";

/** What an index is to list, and where that lies now. */
export interface Part {
  readonly descriptor: Descriptor;
  readonly source: Source;
}

/** How sources become one image. */
export interface Combining {
  readonly annotations: readonly Annotation[];
  /** Also of a single image an index; else that is copied as it is. */
  readonly preferIndex: boolean;
  /** Only these; none is all. */
  readonly platforms: readonly Platform[];
}

/** The image that is made of sources, and what it leads to. */
export interface Combined {
  readonly root: Stored;
  readonly parts: readonly Part[];
}

/** Joins images and indexes in one index; a single index stays what it is where nothing is changed (Q03). */
export async function combine(
  sources: readonly Source[],
  { annotations, preferIndex, platforms }: Combining,
): Promise<Combined> {
  const found: Part[] = [];
  for (const source of sources) found.push(...(await partsOf(source)));
  const parts = onlyFor(platforms, distinct(found));
  const [only] = sources;
  const unchanged = annotations.length === 0 && parts.length === found.length;
  if (only !== undefined && sources.length === 1 && unchanged) {
    const isIndex = documentOf(only.root).kind === "index";
    if (isIndex || !preferIndex) return { root: only.root, parts };
  }
  const listed = parts.map(({ descriptor }) => annotated(descriptor, annotations));
  const ofIndex = annotations.filter(({ place }) => place === "index");
  const form = {
    mediaTypes: ofIndex.length === 0 && listed.every(isDocker) ? "docker" : "oci",
    annotations: Object.fromEntries(ofIndex.map(({ key, value }) => [key, value])),
  } as const;
  return { root: indexOf(listed, form), parts };
}

function documentOf({ bytes, descriptor }: Stored) {
  return parseDocument(bytes, descriptor.mediaType);
}

/** The images of a source, each with its platform. */
export async function partsOf(source: Source): Promise<readonly Part[]> {
  const document = documentOf(source.root);
  if (document.kind === "index")
    return document.index.manifests.map((descriptor) => ({ descriptor, source }));
  const { descriptor } = source.root;
  const platform = descriptor.platform ?? (await platformIn(document.manifest, source));
  return [{ descriptor: { ...descriptor, ...(platform && { platform }) }, source }];
}

async function platformIn({ config }: Manifest, source: Source): Promise<Platform | undefined> {
  const isImage = [mediaTypes.config, dockerMediaTypes.config].some(
    (type) => type === config.mediaType,
  );
  return isImage ? platformOf(parseImageConfig(await source.read(config))) : undefined;
}

/** What is named twice is listed once; what the later one says is added. */
function distinct(parts: readonly Part[]): readonly Part[] {
  const known = new Map<string, Part>();
  for (const part of parts) {
    const { descriptor } = part;
    const earlier = known.get(descriptor.digest);
    known.set(descriptor.digest, earlier === undefined ? part : merged(earlier, descriptor));
  }
  return [...known.values()];
}

function merged({ descriptor, source }: Part, later: Descriptor): Part {
  const annotations = { ...descriptor.annotations, ...later.annotations };
  const some = Object.keys(annotations).length === 0 ? {} : { annotations };
  return { source, descriptor: { ...descriptor, ...later, ...some } };
}

/** The images for some platforms, and what is said of them. */
function onlyFor(platforms: readonly Platform[], parts: readonly Part[]): readonly Part[] {
  if (platforms.length === 0) return parts;
  const wanted = new Set(platforms.map(formatPlatform));
  const kept = parts.filter(
    ({ descriptor: { platform } }) =>
      platform !== undefined && wanted.has(formatPlatform(normalizePlatform(platform))),
  );
  for (const name of wanted) {
    const isThere = kept.some(
      ({ descriptor: { platform } }) =>
        platform !== undefined && formatPlatform(normalizePlatform(platform)) === name,
    );
    if (!isThere)
      throw new BuildError("PLATFORM", `Cannot take ${name}: no source has such a platform`);
  }
  const digests = new Set<string>(kept.map(({ descriptor }) => descriptor.digest));
  const about = parts.filter(
    ({ descriptor }) =>
      isAttestation(descriptor) &&
      digests.has(descriptor.annotations?.[annotationKeys.attestedDigest] ?? ""),
  );
  return [...kept, ...about];
}

/** With the annotations for manifest descriptors, of all platforms or its own. */
function annotated(descriptor: Descriptor, annotations: readonly Annotation[]): Descriptor {
  const own = annotations.filter(
    ({ place, platform }) =>
      place === "manifest-descriptor" &&
      (platform === undefined ||
        (descriptor.platform !== undefined &&
          formatPlatform(normalizePlatform(descriptor.platform)) === formatPlatform(platform))),
  );
  if (own.length === 0 || isAttestation(descriptor)) return descriptor;
  const added = Object.fromEntries(own.map(({ key, value }) => [key, value]));
  return { ...descriptor, annotations: { ...descriptor.annotations, ...added } };
}

function isDocker({ mediaType }: Descriptor): boolean {
  return mediaType === dockerMediaTypes.manifest;
}
