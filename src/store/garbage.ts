import type { CacheMountRecord } from "./cache-mounts.js";
import type { Digest } from "../oci/digest.js";
import type { LayerId } from "../snapshotter/snapshotter.js";
import type { ImageRecord } from "./images.js";
import type { LayerRecord } from "./layers.js";
import type { Store } from "./store.js";

/** What there is to know of one thing on disk. */
export interface DiskItem {
  readonly kind: "layer" | "blob" | "cache";
  /** Layer id, digest, or the id of a cache mount. */
  readonly id: string;
  /** In bytes; a layer's is that of its uncompressed tar. */
  readonly size: number;
  /** Milliseconds since the epoch; known of layers and cache mounts. */
  readonly createdAt?: number;
  readonly usedAt?: number;
  /** No image with a name needs it. */
  readonly reclaimable: boolean;
}

/** What to remove. */
export interface PruneOptions {
  /** Images with a name, too. */
  readonly all?: boolean | undefined;
  /** Nothing that came or was used since then, in milliseconds since the epoch. */
  readonly unusedSince?: number | undefined;
}

/** Everything that takes space: the layers, latest used first, then the blobs, then cache mounts. */
export async function diskUsage(store: Store): Promise<readonly DiskItem[]> {
  return listItems(store, await findNeeded(store, {}));
}

/**
 * Removes every image without a name, then every layer and blob that no image needs and every cache
 * mount, and answers those. Not while another process uses the store: STORE.
 */
export function prune(store: Store, options: PruneOptions = {}): Promise<readonly DiskItem[]> {
  return store.lease.alone("prune the store", async () => {
    store.database.refresh();
    await removeImages(store, options);
    const needed = await findNeeded(store, options);
    const items = (await listItems(store, needed)).filter((item) => item.reclaimable);
    await removeUnneeded(store, needed);
    await store.locks.sweep();
    return items;
  });
}

async function removeImages(
  { images }: Store,
  { all = false, unusedSince = Infinity }: PruneOptions,
): Promise<void> {
  const doomed = new Map<Digest, ImageRecord>();
  for (const { name, record } of images.list()) {
    if ((all || name === undefined) && record.createdAt < unusedSince)
      doomed.set(record.id, record);
  }
  for (const id of doomed.keys()) await images.remove(id, { force: true });
}

/** What prune leaves. */
interface Needed {
  readonly layers: ReadonlySet<LayerId>;
  readonly diffIds: ReadonlySet<Digest>;
  readonly blobs: ReadonlySet<Digest>;
  /** Names of directories. */
  readonly caches: ReadonlySet<string>;
}

async function findNeeded(store: Store, { unusedSince = Infinity }: PruneOptions): Promise<Needed> {
  const images = await neededByImages(store);
  const layers = new Set<LayerId>();
  const diffIds = new Set<Digest>();
  for (const record of store.layers.list()) {
    const wanted = images.diffIds.has(record.diffId) || record.usedAt >= unusedSince;
    if (!wanted || !(await store.snapshotter.has(record.id))) continue;
    layers.add(record.id);
    diffIds.add(record.diffId);
  }
  const blobs = new Set(images.blobs);
  for (const { diffId, descriptor } of store.layerBytes.list()) {
    if (diffIds.has(diffId)) blobs.add(descriptor.digest);
  }
  const caches = store.cacheMounts.list().filter(({ usedAt }) => usedAt >= unusedSince);
  return { layers, diffIds, blobs, caches: new Set(caches.map(({ name }) => name)) };
}

async function neededByImages({ images }: Store): Promise<Pick<Needed, "blobs" | "diffIds">> {
  const diffIds = new Set<Digest>();
  const blobs = new Set<Digest>();
  for (const { name, record } of images.list()) {
    if (name === undefined) continue;
    const members = await images.members(record);
    for (const digest of members.blobs) blobs.add(digest);
    for (const image of members.images) {
      const config = await images.config(image);
      for (const diffId of config.rootfs.diff_ids) diffIds.add(diffId);
      blobs.add(image.id);
      if (image.manifest !== undefined) blobs.add(image.manifest.digest);
    }
  }
  return { diffIds, blobs };
}

async function listItems(store: Store, needed: Needed): Promise<readonly DiskItem[]> {
  const records = [...store.layers.list()].sort((a, b) => b.usedAt - a.usedAt);
  const layers = records.map((record) => layerItem(record, needed));
  const blobs: DiskItem[] = [];
  for (const id of await store.blobs.list()) {
    const size = (await store.blobs.size(id)) ?? 0;
    blobs.push({ kind: "blob", id, size, reclaimable: !needed.blobs.has(id) });
  }
  const caches = store.cacheMounts.list().map((record) => cacheItem(record, store, needed));
  return [...layers, ...blobs, ...(await Promise.all(caches))];
}

async function cacheItem(
  record: CacheMountRecord,
  { cacheMounts }: Store,
  needed: Needed,
): Promise<DiskItem> {
  const { id, name, createdAt, usedAt } = record;
  const size = await cacheMounts.size(record);
  return { kind: "cache", id, size, createdAt, usedAt, reclaimable: !needed.caches.has(name) };
}

function layerItem({ id, size, createdAt, usedAt }: LayerRecord, needed: Needed): DiskItem {
  return { kind: "layer", id, size, createdAt, usedAt, reclaimable: !needed.layers.has(id) };
}

/** Records first, content after: whatever stops this half-way, no record leads to nothing. */
async function removeUnneeded(store: Store, needed: Needed): Promise<void> {
  for (const record of store.layers.list()) {
    if (!needed.layers.has(record.id)) await store.layers.remove(record);
  }
  for (const { diffId } of store.layerBytes.list()) {
    if (!needed.diffIds.has(diffId)) store.layerBytes.forget(diffId);
  }
  await store.downloads.keepOnly(needed.blobs);
  for (const digest of await store.blobs.list()) {
    if (!needed.blobs.has(digest)) await store.blobs.remove(digest);
  }
  for (const record of store.cacheMounts.list()) {
    if (!needed.caches.has(record.name)) await store.cacheMounts.remove(record);
  }
  await store.cacheMounts.removeUnknown();
  // Published by a process that was killed before it could record them.
  for (const id of await store.snapshotter.list()) {
    if (!needed.layers.has(id)) await store.snapshotter.remove(id);
  }
}
