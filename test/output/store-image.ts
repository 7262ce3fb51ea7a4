import { storedConfig } from "../../src/output/packed-image.js";
import type { Entry } from "../../src/oci/changeset.js";
import type { HistoryEntry, RuntimeConfig } from "../../src/oci/image.js";
import type { ImageRecord } from "../../src/store/image-record.js";
import type { LayerRecord } from "../../src/store/layers.js";
import type { Store } from "../../src/store/store.js";

/** What an image of the store is made of, beside its layers. */
export interface ImageParts {
  readonly names?: readonly string[];
  readonly config?: RuntimeConfig;
  readonly created?: string;
  readonly history?: readonly HistoryEntry[];
}

/** Puts an image into the store as a build does. */
export async function storeImage(
  store: Store,
  layers: readonly (readonly Entry[])[],
  { names = [], ...parts }: ImageParts = {},
): Promise<ImageRecord> {
  const records: LayerRecord[] = [];
  for (const entries of layers) {
    await using draft = await store.snapshotter.ingest(entries);
    records.push(await store.layers.adopt(draft, { origin: "built" }));
  }
  const rootfs = { type: "layers", diff_ids: records.map(({ diffId }) => diffId) } as const;
  const platform = { os: "linux", architecture: "amd64" };
  const { descriptor, bytes } = storedConfig({ ...platform, ...parts, rootfs });
  await store.blobs.writeWhole(bytes);
  const record = { id: descriptor.digest, createdAt: Date.UTC(2026, 0, 1) };
  await store.images.put(record, names);
  return record;
}
