import { resolve } from "node:path";
import { writeLayerTar } from "../../oci/layer-tar.js";
import { writeTo } from "../../output/destination.js";
import { findLayers } from "../../output/stored-image.js";
import { readTree } from "../../snapshotter/overlay-changes.js";
import type { Store } from "../../store/store.js";
import type { StoreCommand } from "../store-command.js";
import { outletOf, type Io } from "../io.js";

/** `tsbuild export IMAGE`: its files as one flat tar. */
export async function runExport(
  { image, output }: Extract<StoreCommand, { kind: "export" }>,
  store: Store,
  io: Io,
): Promise<number> {
  const config = await store.images.config(store.images.get(image));
  const layers = await findLayers(store, config.rootfs.diff_ids);
  const root = await store.snapshotter.view(layers.map(({ id }) => id));
  const dest = output === undefined || output === "-" ? "-" : resolve(io.cwd, output);
  await writeTo(dest, writeLayerTar(readTree(root)), outletOf(io), io.signal);
  return 0;
}
