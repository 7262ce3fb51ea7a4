import { annotationKeys, mediaTypes, type Descriptor } from "./descriptor.js";
import type { Digest } from "./digest.js";
import { serializeDocument } from "./image-json.js";
import { blobPath, layoutFile } from "./image-layout.js";
import { familiarReference, formatReference, type Reference } from "./reference.js";

/** A small file of an image archive or layout; the blobs lie beside them, at `blobPath`. */
export interface ArchiveFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** An image (or an index of images) under all the names that it shall have. */
export interface NamedRoot {
  readonly names: readonly Reference[];
  readonly root: Descriptor;
}

/** What makes a directory of blobs an image layout (image-spec, image-layout.md). */
export function ociLayoutFiles(images: readonly NamedRoot[]): readonly ArchiveFile[] {
  const manifests = images.flatMap(({ names, root }) =>
    names.length === 0 ? [root] : names.map((name) => named(root, name)),
  );
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests } as const;
  return [layoutFile, { path: "index.json", bytes: serializeDocument(index) }];
}

/** With the annotation of the specification (a tag), and containerd's (the whole name). */
function named(root: Descriptor, name: Reference): Descriptor {
  const annotations = {
    ...root.annotations,
    [annotationKeys.imageName]: formatReference(name),
    ...(name.tag === undefined ? {} : { [annotationKeys.refName]: name.tag }),
  };
  return { ...root, annotations };
}

/** One image of a `docker load` archive. */
export interface DockerImage {
  readonly names: readonly Reference[];
  readonly config: Digest;
  readonly layers: readonly Digest[];
}

/** The manifest.json by which `docker load` finds images in an archive (Docker image spec v1.2). */
export function dockerArchiveFile(images: readonly DockerImage[]): ArchiveFile {
  const manifest = images.map(({ names, config, layers }) => ({
    Config: blobPath(config),
    RepoTags: names.filter(({ tag }) => tag !== undefined).map(untilTag),
    Layers: layers.map(blobPath),
  }));
  return { path: "manifest.json", bytes: Buffer.from(JSON.stringify(manifest)) };
}

function untilTag({ registry, repository, tag }: Reference): string {
  return familiarReference({ registry, repository, ...(tag === undefined ? {} : { tag }) });
}
