import { BuildError } from "../../error.js";
import type { Digest } from "../../oci/digest.js";
import { findLayers } from "../../output/stored-image.js";
import { compareStates } from "../../snapshotter/compare-states.js";
import type { LayerChain } from "../../snapshotter/snapshotter.js";
import type { Store } from "../../store/store.js";
import type { StoreCommand } from "../store-command.js";
import type { Io } from "../io.js";

/** `tsbuild diff IMAGE [BASE]`: what the image added, changed and deleted. */
export async function runDiff(
  { image, base }: Extract<StoreCommand, { kind: "diff" }>,
  store: Store,
  io: Io,
): Promise<number> {
  const diffIds = await diffIdsOf(image, store);
  const below =
    base === undefined ? await findBase(image, diffIds, store) : await diffIdsOf(base, store);
  const [before, after] = [await chainOf(below, store), await chainOf(diffIds, store)];
  for (const { kind, path } of await compareStates(store.snapshotter, before, after)) {
    io.out.write(Buffer.from(`${kind} /${path}\n`, "latin1"));
  }
  return 0;
}

async function diffIdsOf(name: string, { images }: Store): Promise<readonly Digest[]> {
  const { rootfs } = await images.config(images.get(name));
  return rootfs.diff_ids;
}

async function chainOf(diffIds: readonly Digest[], store: Store): Promise<LayerChain> {
  return (await findLayers(store, diffIds)).map(({ id }) => id);
}

/** No image says what it was built from: the one of the store that has most of its layers, but not all. */
async function findBase(
  name: string,
  diffIds: readonly Digest[],
  { images }: Store,
): Promise<readonly Digest[]> {
  let longest: readonly Digest[] = [];
  for (const { record } of images.list()) {
    const { rootfs } = await images.config(record);
    const others = rootfs.diff_ids;
    const isBase = others.length < diffIds.length && others.every((id, i) => id === diffIds[i]);
    if (isBase && others.length > longest.length) longest = others;
  }
  if (longest.length > 0) return longest;
  throw new BuildError(
    "IMAGE_NOT_FOUND",
    `Cannot compare "${name}": its base is not in the store`,
    {
      hint: `name an image to compare with: tsbuild diff ${name} BASE`,
    },
  );
}
