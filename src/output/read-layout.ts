import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../error.js";
import { annotationKeys, type Descriptor } from "../oci/descriptor.js";
import type { Digest } from "../oci/digest.js";
import { fileBytes } from "../oci/file-bytes.js";
import { parseDocument } from "../oci/image-json.js";
import { blobPath, readImageLayout } from "../oci/image-layout.js";
import type { Platform } from "../oci/platform.js";
import type { ResolvedImage } from "../oci/resolved-image.js";
import { isSystemError } from "../sys/system-error.js";
import { readWholeIndex } from "./archived-index.js";
import type { ArchivedImage } from "./archived-image.js";

/** Every image of an OCI image layout directory, for one platform (image-spec, image-layout.md). */
export async function readLayout(
  path: string,
  platform: Platform,
): Promise<readonly ArchivedImage[]> {
  const document = parseDocument(await readFile(join(path, "index.json")));
  if (document.kind !== "index") {
    throw new BuildError("INVALID_ARCHIVE", "Cannot load images: index.json is not an index");
  }
  const images: ArchivedImage[] = [];
  for (const [digest, names] of groupByDigest(document.index.manifests)) {
    const { root, config, manifest } = await readImage(path, digest, platform);
    const open = (layer: Descriptor) => readBlob(path, layer);
    const index = await readWholeIndex(root, { path, open });
    images.push({ names, config, manifest, open, index });
  }
  return images;
}

async function readImage(path: string, digest: Digest, platform: Platform): Promise<ResolvedImage> {
  try {
    return await readImageLayout({ path, digest }, platform);
  } catch (cause) {
    if (!(cause instanceof BuildError) || cause.code !== "IMAGE_NOT_FOUND") throw cause;
    const message = `Cannot load image ${digest}: its manifest or config is not in the archive`;
    throw new BuildError("INVALID_ARCHIVE", message, { cause });
  }
}

/** An image with several names is listed once for each. */
function groupByDigest(manifests: readonly Descriptor[]): ReadonlyMap<Digest, readonly string[]> {
  const groups = new Map<Digest, string[]>();
  for (const descriptor of manifests) {
    const names = groups.get(descriptor.digest) ?? [];
    groups.set(descriptor.digest, names);
    names.push(...nameOf(descriptor));
  }
  return groups;
}

/** containerd's annotation holds a whole name; the specification's only a tag, or what a tool put there. */
function nameOf({ annotations }: Descriptor): readonly string[] {
  const whole = annotations?.[annotationKeys.imageName];
  if (whole !== undefined) return [whole];
  const reference = annotations?.[annotationKeys.refName];
  return reference === undefined ? [] : [reference];
}

async function* readBlob(path: string, { digest }: Descriptor): AsyncGenerator<Uint8Array> {
  try {
    yield* fileBytes(join(path, blobPath(digest)));
  } catch (cause) {
    if (!isSystemError(cause, "ENOENT")) throw cause;
    const message = `Cannot load images: layer ${digest} is not in the archive`;
    throw new BuildError("INVALID_ARCHIVE", message, { cause });
  }
}
