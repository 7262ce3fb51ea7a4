import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Digest } from "../oci/digest.js";
import { isSystemError } from "../sys/system-error.js";
import type { LayerRecord } from "./layers.js";
import type { Store } from "./store.js";
import { wholeImages, type WholeImage } from "./whole-image.js";

/** A thing on disk that is kept or removed as a whole. */
export interface DiskItem {
  /** "blob": of nobody. "builds": their history. "index": what is known of the files of a build context. */
  readonly kind:
    "blob" | "builds" | "cache" | "database" | "download" | "image" | "index" | "layer";
  /** Layer id, digest, or the name of a file or directory in the store. */
  readonly key: string;
  /** In bytes. Of a layer its uncompressed tar and its compressed forms, of an image all but its layers. */
  readonly size: number;
  /** Milliseconds since the epoch, where known. */
  readonly createdAt: number | undefined;
  readonly usedAt: number | undefined;
  /** How often it was used after it came; of a layer at most once a day. */
  readonly uses: number;
  /** By a running tsbuild. */
  readonly inUse: boolean;
  /** Of the images that need it. */
  readonly names: readonly string[];
  /** Ids of all images that need it, also of those without a name. */
  readonly images: readonly Digest[];
  /** Ids of the layers that this one lies upon in those images. */
  readonly parents: readonly string[];
  /** Of a cache mount as the Dockerfile has it. */
  readonly id?: string | undefined;
}

/** Everything that takes space and can go: layers, latest used first, then the rest. */
export async function listItems(store: Store): Promise<readonly DiskItem[]> {
  const images = await wholeImages(store);
  const sizes = await blobSizes(store);
  const records = [...store.layers.list()].sort((a, b) => b.usedAt - a.usedAt);
  return [
    ...layerItems(records, { store, images, sizes }),
    ...imageItems({ store, images, sizes }),
    ...(await otherBlobs({ store, images, sizes })),
    ...(await cacheItems(store)),
    ...(await indexItems(store)),
  ];
}

interface Facts {
  readonly store: Store;
  readonly images: readonly WholeImage[];
  /** Of blobs that no item has yet; whoever takes one removes it. */
  readonly sizes: Map<Digest, number>;
}

async function blobSizes({ blobs }: Store): Promise<Map<Digest, number>> {
  const sizes = new Map<Digest, number>();
  for (const digest of await blobs.list()) sizes.set(digest, (await blobs.size(digest)) ?? 0);
  return sizes;
}

function take(digests: readonly Digest[], sizes: Map<Digest, number>): number {
  let sum = 0;
  for (const digest of digests) {
    sum += sizes.get(digest) ?? 0;
    sizes.delete(digest);
  }
  return sum;
}

function layerItems(records: readonly LayerRecord[], { store, images, sizes }: Facts): DiskItem[] {
  const forms = new Map<Digest, Digest[]>();
  for (const { diffId, descriptor } of store.layerBytes.list()) {
    forms.set(diffId, [...(forms.get(diffId) ?? []), descriptor.digest]);
  }
  const imagesOf = new Map<Digest, WholeImage[]>();
  for (const image of images) {
    for (const diffId of image.diffIds.keys()) {
      const having = imagesOf.get(diffId);
      if (having === undefined) imagesOf.set(diffId, [image]);
      else having.push(image);
    }
  }
  const ids = new Map(records.map(({ id, diffId }) => [diffId, id]));
  return records.map(({ id, diffId, size, createdAt, usedAt, uses = 0 }) => {
    const having = imagesOf.get(diffId) ?? [];
    const below = new Set(having.flatMap(({ diffIds }) => diffIds.get(diffId) ?? []));
    return {
      kind: "layer",
      key: id,
      size: size + take(forms.get(diffId) ?? [], sizes),
      ...{ createdAt, usedAt, uses },
      inUse: store.holds.isHeld(id),
      names: having.flatMap(({ names }) => names),
      images: having.map(({ record }) => record.id),
      parents: [...below].flatMap((parent) => ids.get(parent) ?? []),
    };
  });
}

function imageItems({ store, images, sizes }: Facts): DiskItem[] {
  return images.map(({ record, names, blobs }) => ({
    kind: "image",
    key: record.id,
    size: take(blobs, sizes),
    ...{ createdAt: record.createdAt, usedAt: record.createdAt, uses: 0 },
    inUse: store.holds.isHeld(record.id),
    names,
    images: [record.id],
    parents: [],
  }));
}

/** Nobody notes when they are used: they are as old as their files. */
async function otherBlobs({ store, sizes }: Facts): Promise<readonly DiskItem[]> {
  const downloads = new Set(store.downloads.list().map(({ digest }) => digest));
  const items: DiskItem[] = [];
  for (const [digest, size] of sizes) {
    const found = await stat(store.blobs.path(digest)).catch(() => undefined);
    const times = { createdAt: found?.mtimeMs, usedAt: found?.mtimeMs, uses: 0 };
    const kind = downloads.has(digest) ? "download" : "blob";
    const inUse = store.holds.isHeld(digest);
    items.push({ kind, key: digest, size, ...times, inUse, ...unneeded });
  }
  return items;
}

/** What no image needs. */
export const unneeded = { names: [], images: [], parents: [] } as const;

async function cacheItems({ cacheMounts }: Store): Promise<readonly DiskItem[]> {
  return await Promise.all(
    cacheMounts.list().map(async (record): Promise<DiskItem> => {
      const { id, name, createdAt, usedAt, uses = 0 } = record;
      const size = await cacheMounts.size(record);
      const inUse = cacheMounts.isInUse(record);
      return { kind: "cache", key: name, id, size, createdAt, usedAt, uses, inUse, ...unneeded };
    }),
  );
}

async function indexItems({ paths }: Store): Promise<readonly DiskItem[]> {
  const items: DiskItem[] = [];
  for (const key of await namesIn(paths.index)) {
    const found = await stat(join(paths.index, key)).catch(() => undefined);
    if (found?.isFile() !== true) continue;
    const { size, mtimeMs: usedAt } = found;
    const times = { createdAt: undefined, usedAt, uses: 0 };
    items.push({ kind: "index", key, size, ...times, inUse: false, ...unneeded });
  }
  return items;
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return []; // no directory was a context yet
    throw error;
  }
}
