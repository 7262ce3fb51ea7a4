import { rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { Descriptor } from "../oci/descriptor.js";
import { parseDigest, type Digest } from "../oci/digest.js";
import type { LayerId } from "../snapshotter/snapshotter.js";
import { CurrentImages } from "./current-images.js";
import { listItems, type DiskItem } from "./disk-items.js";
import { chooseDoomed, type Doomed, type PruneRequest } from "./eviction.js";
import type { Store } from "./store.js";
import type { WholeImage } from "./whole-image.js";

/** What `request` would remove as things are. */
export async function planPrune(
  store: Store,
  request: PruneRequest = {},
): Promise<readonly Doomed[]> {
  await store.database.recover();
  store.tally.recount();
  const { bavail, bsize } = await statfs(store.paths.root);
  const moment = { now: store.now(), free: bavail * bsize };
  return chooseDoomed(await listItems(store), request, moment);
}

/**
 * Removes what `request` asks for but for what another tsbuild uses, and answers it. What a killed one has
 * left without a record goes too, unless another tsbuild has the store open. This one uses nothing.
 */
export async function prune(
  store: Store,
  request: PruneRequest = {},
  signal?: AbortSignal,
): Promise<readonly DiskItem[]> {
  store.holds.letGo();
  const doomed = await planPrune(store, request);
  const removed = await evict(store, doomed, request, signal);
  await store.lease.tryAlone(async () => {
    await store.database.recover();
    removed.push(...(await removeBlobs(doomed, store)));
    await sweep(store);
  });
  return removed;
}

/** Blobs that were nobody's, and still are; the caller holds the store alone. */
async function removeBlobs(doomed: readonly Doomed[], store: Store): Promise<readonly DiskItem[]> {
  const keys = new Set(doomed.flatMap(({ item }) => (item.kind === "blob" ? [item.key] : [])));
  if (keys.size === 0) return [];
  const items = await listItems(store);
  const blobs = items.filter(({ kind, key }) => kind === "blob" && keys.has(key));
  for (const { key } of blobs) await store.blobs.remove(parseDigest(key));
  return blobs;
}

/** Removes things one by one, each while nobody uses it, and answers those that went. */
export async function evict(
  store: Store,
  doomed: readonly Doomed[],
  { all = false }: Pick<PruneRequest, "all">,
  signal?: AbortSignal,
): Promise<DiskItem[]> {
  const remover = new Remover(store, all);
  const removed: DiskItem[] = [];
  for (const { item } of doomed) {
    signal?.throwIfAborted();
    if (await remover.remove(item)) removed.push(item);
  }
  return removed;
}

/** Takes things away while other processes work. */
class Remover {
  readonly #store: Store;
  readonly #all: boolean;
  readonly #images: CurrentImages;

  constructor(store: Store, all: boolean) {
    this.#store = store;
    this.#all = all;
    this.#images = new CurrentImages(store);
  }

  /** False when somebody uses it, or has come to need it meanwhile. */
  async remove({ kind, key }: DiskItem): Promise<boolean> {
    const { cacheMounts, paths } = this.#store;
    switch (kind) {
      case "layer":
        return await this.#removeLayer(key as LayerId);
      case "image":
        return await this.#removeImage(parseDigest(key));
      case "download":
        return await this.#removeDownload(parseDigest(key));
      case "cache":
        return await cacheMounts.removeNamed(key);
      case "index":
        await rm(join(paths.index, key), { force: true });
        return true;
      case "blob":
        return false; // perhaps its record is just being written: only who is alone knows
      case "builds":
      case "database":
        return false; // no plan has them: nothing could be found without
    }
  }

  /** With the images that have it, of which only those without a name may go unasked. */
  async #removeLayer(id: LayerId): Promise<boolean> {
    const { holds, layers, layerBytes } = this.#store;
    using alone = holds.tryAlone(id);
    if (alone === undefined) return false;
    await this.#images.look();
    const record = layers.peek(id);
    if (record === undefined) return false;
    for (const image of this.#images.needing(record.diffId))
      if (!(await this.#removeImage(image.record.id))) return false;
    let forms: readonly Descriptor[] = [];
    await this.#images.write(() =>
      layers.remove(record, () => {
        if (!layers.knows(record.diffId)) forms = layerBytes.forget(record.diffId);
      }),
    );
    for (const { digest } of forms) await this.#removeBlob(digest);
    return true;
  }

  /** The record first: what is killed in between leaves blobs of nobody. */
  async #removeImage(id: Digest): Promise<boolean> {
    const { holds, blobs } = this.#store;
    using alone = holds.tryAlone(id);
    if (alone === undefined) return false;
    await this.#images.look();
    const found = this.#images.get(id);
    if (found === undefined) return true;
    if (!this.#all && found.names.length > 0) return false;
    await this.#images.forget(found);
    if (!(await this.#isNeeded(id))) await blobs.remove(id);
    const ofLayers = this.#formsOfLayers(found);
    for (const digest of found.blobs) {
      if (digest !== id && !ofLayers.has(digest)) await this.#removeBlob(digest);
    }
    return true;
  }

  /** Blobs that an index names and that go with their layers: images without an index need them, too. */
  #formsOfLayers({ diffIds }: WholeImage): ReadonlySet<Digest> {
    const { layers, layerBytes } = this.#store;
    const known = [...diffIds.keys()].filter((diffId) => layers.knows(diffId));
    return new Set(known.flatMap((diffId) => layerBytes.forms(diffId)).map(({ digest }) => digest));
  }

  /** By an image: platforms of an index may be images of their own. */
  async #isNeeded(digest: Digest): Promise<boolean> {
    await this.#images.look();
    return this.#images.needing(digest).length > 0;
  }

  async #removeDownload(digest: Digest): Promise<boolean> {
    using alone = this.#store.holds.tryAlone(digest);
    if (alone === undefined) return false;
    await this.#store.downloads.forget(digest);
    await this.#store.blobs.remove(digest);
    return true;
  }

  /** One that is held stays, as a blob of nobody; and so does one that an image needs. */
  async #removeBlob(digest: Digest): Promise<void> {
    using alone = this.#store.holds.tryAlone(digest);
    if (alone === undefined || (await this.#isNeeded(digest))) return;
    await this.#store.blobs.remove(digest);
  }
}

/** What killed processes have left; the caller holds the store alone. */
async function sweep(store: Store): Promise<void> {
  const { layers, snapshotter, cacheMounts } = store;
  for (const record of layers.list()) {
    if (!(await snapshotter.has(record.id))) await layers.remove(record);
  }
  for (const id of await snapshotter.list()) {
    if (layers.peek(id) === undefined) await snapshotter.remove(id);
  }
  for (const { diffId } of store.layerBytes.list()) {
    if (!layers.knows(diffId)) store.layerBytes.forget(diffId);
  }
  await store.blobSources.keepOnly(new Set(await store.blobs.list()));
  await cacheMounts.removeUnknown();
}
