import { BuildError } from "../error.js";
import type { Digest } from "../oci/digest.js";
import { parseImageConfig } from "../oci/image-json.js";
import { isIndex, readMembers } from "./image-members.js";
import type { ImageRecord } from "./image-record.js";
import type { Store } from "./store.js";

/** An image with all that it needs. */
export interface WholeImage {
  readonly record: ImageRecord;
  readonly names: readonly string[];
  /** Configs, manifests, an index, attestations. */
  readonly blobs: readonly Digest[];
  /** Its layers on all platforms, each with the one below. */
  readonly diffIds: ReadonlyMap<Digest, Digest | undefined>;
}

type ImageStore = Pick<Store, "blobs" | "database" | "images">;

/**
 * Every image. Nothing of it is held: the next moment one may be gone. Of those that `earlier` has, nothing is read: what
 * an image needs follows from what it is.
 */
export async function wholeImages(
  store: ImageStore,
  earlier: readonly WholeImage[] = [],
): Promise<readonly WholeImage[]> {
  const known = new Map(earlier.map((image) => [keyOf(image.record), image]));
  const named = new Map<Digest, Pick<WholeImage, "names" | "record">>();
  for (const { name, record } of store.images.list()) {
    const names = named.get(record.id)?.names ?? [];
    named.set(record.id, { record, names: name === undefined ? names : [...names, name] });
  }
  const found: WholeImage[] = [];
  for (const { record, names } of named.values()) {
    const contents =
      known.get(keyOf(record)) ??
      (await contentsOf(record, store).catch(unlessGone(record, store)));
    if (contents !== undefined) found.push({ ...contents, record, names });
  }
  return found;
}

function keyOf({ id, manifest }: ImageRecord): string {
  return `${id} ${manifest?.digest ?? ""}`;
}

type Contents = Pick<WholeImage, "blobs" | "diffIds">;

async function contentsOf(record: ImageRecord, { blobs }: ImageStore): Promise<Contents> {
  const readWhole = (digest: Digest): Promise<Buffer> => blobs.peek(digest);
  const members = isIndex(record)
    ? await readMembers(record, { readWhole })
    : { images: [record], blobs: [] };
  const needed = new Set(members.blobs);
  const diffIds = new Map<Digest, Digest | undefined>();
  for (const { id, manifest } of members.images) {
    needed.add(id);
    if (manifest !== undefined) needed.add(manifest.digest);
    const { rootfs } = parseImageConfig(await readWhole(id));
    for (const [i, diffId] of rootfs.diff_ids.entries())
      diffIds.set(diffId, rootfs.diff_ids[i - 1]);
  }
  return { blobs: [...needed], diffIds };
}

/** Somebody else may have removed it since it was listed. */
function unlessGone(
  { id }: ImageRecord,
  { images, database }: ImageStore,
): (error: unknown) => undefined {
  return (error) => {
    database.refresh();
    if (error instanceof BuildError && images.peek(id) === undefined) return undefined;
    throw error;
  };
}
