import { closeSync, constants, openSync } from "node:fs";
import { join } from "node:path";
import { mount, mountFlags } from "../../sys/mounts.js";

/** The two files of a layer. */
export const TAR_NAME = "layer.tar";
export const INDEX_NAME = "layer.erofs";
/** An empty file beside a tar from elsewhere, which may be in any order. */
export const FOREIGN_MARK = "foreign";

/**
 * Mounts a layer from its two files, which Linux does without loop devices since 6.12. Named by
 * descriptors: paths may have commas, which end a mount option.
 */
export function mountLayer(layer: string, target: string): void {
  const index = openSync(join(layer, INDEX_NAME), constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const tar = openSync(join(layer, TAR_NAME), constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      mount({
        source: `/proc/self/fd/${index}`,
        target,
        type: "erofs",
        flags: mountFlags.readonly,
        options: `device=/proc/self/fd/${tar}`,
      });
    } finally {
      closeSync(tar);
    }
  } finally {
    closeSync(index);
  }
}
