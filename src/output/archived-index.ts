import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Descriptor } from "../oci/descriptor.js";
import { parseDocument } from "../oci/image-json.js";
import { blobPath, readLayoutDocument } from "../oci/image-layout.js";
import type { Stored } from "../oci/resolved-image.js";
import type { PackedImage, PackedRoot } from "./packed-image.js";

/** A layout, and how to read what is in it. */
export interface ArchivedLayout {
  readonly path: string;
  readonly open: (descriptor: Descriptor) => AsyncIterable<Uint8Array>;
}

/** An index with all that it lists; undefined of what is none, or where the layout lacks a part. */
export async function readWholeIndex(
  root: Stored,
  { path, open }: ArchivedLayout,
): Promise<PackedRoot | undefined> {
  const document = parseDocument(root.bytes, root.descriptor.mediaType);
  if (document.kind === "manifest") return undefined;
  const images: PackedImage[] = [];
  for (const descriptor of document.index.manifests) {
    if (!(await isThere(path, descriptor))) return undefined;
    const bytes = await readLayoutDocument({ path }, descriptor);
    const child = parseDocument(bytes, descriptor.mediaType);
    if (child.kind === "index") return undefined;
    const { config, layers } = child.manifest;
    for (const part of [config, ...layers]) if (!(await isThere(path, part))) return undefined;
    images.push({
      manifest: { descriptor, bytes },
      config: { descriptor: config, bytes: await readLayoutDocument({ path }, config) },
      layers: layers.map((layer) => ({ descriptor: layer, open: () => open(layer) })),
    });
  }
  return { root, images };
}

async function isThere(path: string, { digest, size }: Descriptor): Promise<boolean> {
  const found = await stat(join(path, blobPath(digest))).catch(() => undefined);
  return found?.size === size;
}
