import { statfs } from "node:fs/promises";
import { release } from "node:os";
import { dirname } from "node:path";
import { BuildError } from "../error.js";
import type { Snapshotter } from "../snapshotter/snapshotter.js";
import type { SnapshotterSite } from "../store/store.js";

/** Where a snapshotter works, and how. */
export interface SnapshotterChoice extends SnapshotterSite {
  /** TSBUILD_RUN_TMPFS, in bytes. */
  readonly changesInMemory: number | undefined;
}

/**
 * Opens the snapshotter that TSBUILD_SNAPSHOTTER names, else the best one that works here. Either may
 * use what the other left in the store (docs/adr/0005-layers-in-two-forms.md).
 */
export async function chooseSnapshotter(
  name: string | undefined,
  site: SnapshotterChoice,
): Promise<Snapshotter> {
  switch (name) {
    case undefined:
      return (await hasErofs(site)) ? openErofs(site) : openDirectory(site);
    case "erofs":
      if (!(await hasErofs(site))) throw noErofs(site);
      return openErofs(site);
    case "directory":
      return openDirectory(site);
    default:
      throw new BuildError(
        "USAGE",
        `Cannot use TSBUILD_SNAPSHOTTER "${name}": no such snapshotter`,
        { hint: `there are "erofs" and "directory"` },
      );
  }
}

/** Asked once for each kernel: finding out takes some milliseconds. */
function hasErofs({ work, userNamespace, remember }: SnapshotterSite): Promise<boolean> {
  if (userNamespace) return Promise.resolve(false); // the kernel lets only root mount it
  return remember(`erofs on Linux ${release()}`, async () => {
    const { canUseErofs } = await import("../snapshotter/erofs/can-use-erofs.js");
    return canUseErofs(work);
  });
}

async function openErofs({
  layers,
  work,
  changesInMemory,
}: SnapshotterChoice): Promise<Snapshotter> {
  const { openErofsSnapshotter } = await import("../snapshotter/erofs-snapshotter.js");
  return openErofsSnapshotter({ layers, work, changesInMemory, userNamespace: false });
}

async function openDirectory(site: SnapshotterChoice): Promise<Snapshotter> {
  if ((await statfs(dirname(site.layers))).type === OVERLAYFS_MAGIC) throw onOverlay(site);
  const { openDirectorySnapshotter } = await import("../snapshotter/directory-snapshotter.js");
  return openDirectorySnapshotter(site);
}

/** OVERLAYFS_SUPER_MAGIC of statfs(2). */
const OVERLAYFS_MAGIC = 0x794c7630;

function onOverlay({ layers }: SnapshotterSite): BuildError {
  const message = `Cannot keep layers in "${layers}": it is on an overlay, where no other can be put`;
  return new BuildError("UNSUPPORTED", message, {
    hint: "in a container, mount a volume at the store, or name one in TSBUILD_ROOT",
  });
}

function noErofs({ userNamespace }: SnapshotterSite): BuildError {
  const why = userNamespace
    ? "only root can mount EROFS files"
    : "an overlay over a mounted EROFS file does not work here";
  return new BuildError("UNSUPPORTED", `Cannot use TSBUILD_SNAPSHOTTER "erofs": ${why}`, {
    hint: userNamespace
      ? `use "directory", or leave it unset`
      : `it needs Linux 6.12 and a store that is not itself on an overlay; use "directory", or leave it unset`,
  });
}
