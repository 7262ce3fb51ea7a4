import { dockerArchiveFile, ociLayoutFiles } from "../oci/archive-files.js";
import type { ArchiveFile } from "../oci/archive-files.js";
import { toBytePath } from "../oci/changeset.js";
import type { Content, Entry } from "../oci/changeset.js";
import type { Descriptor } from "../oci/descriptor.js";
import type { Digest } from "../oci/digest.js";
import { blobPath } from "../oci/image-layout.js";
import { writeLayerTar } from "../oci/layer-tar.js";
import type { Reference } from "../oci/reference.js";
import type { PackedImage } from "./packed-image.js";

/** An image and the names it has in an archive. */
export interface NamedImage {
  readonly image: PackedImage;
  readonly names: readonly Reference[];
  /** The manifest's descriptor with what else index.json shall tell of it. */
  readonly root?: Descriptor;
}

/** "oci" is an image layout; "docker" has the manifest.json of `docker load` besides. */
export type ArchiveKind = "docker" | "oci";

/** The image archive as a tar (image-spec, image-layout.md; Docker image spec v1.2). */
export function writeImageArchive(
  images: readonly NamedImage[],
  kind: ArchiveKind,
): AsyncGenerator<Uint8Array> {
  return writeLayerTar(archiveEntries(images, kind));
}

/** The same as files with paths relative to the archive's root; every blob once. */
export function* archiveEntries(
  images: readonly NamedImage[],
  kind: ArchiveKind,
): Generator<Entry> {
  for (const file of indexFiles(images, kind))
    yield fileEntry(file.path, file.bytes.byteLength, held(file.bytes));
  yield directoryEntry("blobs");
  yield directoryEntry("blobs/sha256");
  yield* blobEntries(images);
}

function indexFiles(images: readonly NamedImage[], kind: ArchiveKind): readonly ArchiveFile[] {
  const layout = ociLayoutFiles(
    images.map(({ image, names, root = image.manifest.descriptor }) => ({ names, root })),
  );
  if (kind === "oci") return layout;
  const docker = images.map(({ image, names }) => ({
    names,
    config: image.config.descriptor.digest,
    layers: image.layers.map((layer) => layer.descriptor.digest),
  }));
  return [...layout, dockerArchiveFile(docker)];
}

function* blobEntries(images: readonly NamedImage[]): Generator<Entry> {
  const seen = new Set<Digest>();
  for (const { image } of images) {
    for (const { descriptor, bytes } of [image.manifest, image.config]) {
      if (!add(seen, descriptor.digest)) continue;
      yield fileEntry(blobPath(descriptor.digest), descriptor.size, held(bytes));
    }
    for (const { descriptor, open } of image.layers) {
      if (!add(seen, descriptor.digest)) continue;
      yield fileEntry(blobPath(descriptor.digest), descriptor.size, {
        kind: "stream",
        stream: open(),
      });
    }
  }
}

function add(seen: Set<Digest>, digest: Digest): boolean {
  return seen.size !== seen.add(digest).size;
}

function held(bytes: Uint8Array): Content {
  return { kind: "bytes", bytes };
}

const metadata = { uid: 0, gid: 0, mtime: 0 } as const;

function fileEntry(path: string, size: number, content: Content): Entry {
  return { ...metadata, type: "file", path: toBytePath(path), mode: 0o644, size, content };
}

function directoryEntry(path: string): Entry {
  return { ...metadata, type: "directory", path: toBytePath(path), mode: 0o755 };
}
