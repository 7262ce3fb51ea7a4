import { closeSync, constants, openSync } from "node:fs";
import { join } from "node:path";
import { mountLong } from "../../sys/filesystems.js";
import { mount, mountFlags } from "../../sys/mounts.js";
import { INDEX_NAME, tarFiles } from "./layer-place.js";

/**
 * Mounts a layer from its files, which Linux does without loop devices since 6.12. Named by
 * descriptors: paths may have commas, which end a mount option.
 */
export function mountLayer(layer: string, target: string): void {
  withFiles([join(layer, INDEX_NAME), ...tarFiles(layer)], ([source = "", ...tars]) => {
    const options = tars.map((tar) => `device=${tar}`).join(",");
    mount({ source, target, type: "erofs", flags: mountFlags.readonly, options });
  });
}

/** Mounts the index in `directory` over the tars of several layers. */
export function mountMerged(directory: string, layers: readonly string[], target: string): void {
  const tars = layers.flatMap(tarFiles);
  withFiles([join(directory, INDEX_NAME), ...tars], ([source = "", ...devices]) => {
    const options = devices.map((device) => ["device", device] as const);
    mountLong({ type: "erofs", target, options: [["source", source], ...options] });
  });
}

/** Gives the names of open files, as long as `action` takes. */
function withFiles(paths: readonly string[], action: (names: readonly string[]) => void): void {
  const open: number[] = [];
  try {
    for (const path of paths) open.push(openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW));
    action(open.map((fd) => `/proc/self/fd/${fd}`));
  } finally {
    for (const fd of open) closeSync(fd);
  }
}
