import { dockerArchiveFile, ociLayoutFiles, type ArchiveFile } from "../oci/archive-files.js";
import { toBytePath, type Content, type Entry } from "../oci/changeset.js";
import type { Descriptor } from "../oci/descriptor.js";
import type { Digest } from "../oci/digest.js";
import { blobPath } from "../oci/image-layout.js";
import { writeLayerTar } from "../oci/layer-tar.js";
import type { Reference } from "../oci/reference.js";
import type { Stored } from "../oci/resolved-image.js";
import type { PackedImage, PackedRoot } from "./packed-image.js";

/** An image, or an index of several, and the names it has in an archive. */
export interface NamedImage {
  readonly packed: PackedRoot;
  readonly names: readonly Reference[];
  /** The root's descriptor with what else index.json shall tell of it. */
  readonly descriptor?: Descriptor;
  /** Which one `docker load` takes that knows no indexes; else the only one. */
  readonly forDocker?: PackedImage | undefined;
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
    images.map(({ packed, names, descriptor = packed.root.descriptor }) => {
      return { names, root: descriptor };
    }),
  );
  if (kind === "oci") return layout;
  const docker = images.flatMap(({ packed, names, forDocker = packed.images[0] }) => {
    if (forDocker === undefined) return [];
    const { config, layers } = forDocker;
    const digests = layers.map((layer) => layer.descriptor.digest);
    return [{ names, config: config.descriptor.digest, layers: digests }];
  });
  return [...layout, dockerArchiveFile(docker)];
}

function* blobEntries(images: readonly NamedImage[]): Generator<Entry> {
  const seen = new Set<Digest>();
  for (const { packed } of images) {
    yield* documentEntries([packed.root], seen);
    for (const image of packed.images) {
      yield* documentEntries([image.manifest, image.config], seen);
      yield* layerEntries(image, seen);
    }
  }
}

function* documentEntries(documents: readonly Stored[], seen: Set<Digest>): Generator<Entry> {
  for (const { descriptor, bytes } of documents) {
    if (!add(seen, descriptor.digest)) continue;
    yield fileEntry(blobPath(descriptor.digest), descriptor.size, held(bytes));
  }
}

function* layerEntries({ layers }: PackedImage, seen: Set<Digest>): Generator<Entry> {
  for (const { descriptor, open } of layers) {
    if (!add(seen, descriptor.digest)) continue;
    const content = { kind: "stream", stream: open() } as const;
    yield fileEntry(blobPath(descriptor.digest), descriptor.size, content);
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
