import { closeSync, constants, openSync } from "node:fs";
import { basename, dirname } from "node:path";
import { mount, mountFlags } from "../sys/mounts.js";

/**
 * Lower directories that one mount takes: as many as fit into the one page of options that mount(2) has.
 * Later kernels have calls that take 500, but no more.
 */
export const MOST_LOWERS = 190;

/** An overlay that is to be mounted. */
export interface OverlayRequest {
  readonly target: string;
  /** Directories, the uppermost first; at least one with `upper`, at least two without. */
  readonly lowers: readonly string[];
  /** Where changes go; a mount without is read-only. */
  readonly upper: { readonly changes: string; readonly work: string } | undefined;
  readonly userNamespace: boolean;
}

/** Of so many, the names fit in as well where they are longer. */
const MOST_NEIGHBOURS = 100;
/** What may stand in a list of directories as it is. */
const PLAIN_NAME = /^[0-9a-z]{1,8}$/;

/**
 * Mounts an overlay. Directories are named by descriptors ("/proc/self/fd/9"): such a name is short,
 * and has no byte that needs escaping. Neighbours are named from one descriptor ("/proc/self/fd/9/17"):
 * to open each of twenty layers, and close it, takes as long as the mount.
 */
export function mountOverlay({ target, lowers, upper, userNamespace }: OverlayRequest): void {
  const open = new Map<string, number>();
  const name = (directory: string): string => {
    const fd =
      open.get(directory) ?? openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
    open.set(directory, fd);
    return `/proc/self/fd/${fd}`;
  };
  const nameLower = (directory: string): string => {
    const last = basename(directory);
    if (lowers.length > MOST_NEIGHBOURS || !PLAIN_NAME.test(last)) return name(directory);
    return `${name(dirname(directory))}/${last}`;
  };
  try {
    const lowerdir = lowers.map(nameLower).join(":");
    const options = [`lowerdir=${lowerdir}`, ...commonOptions(userNamespace)];
    if (upper !== undefined) {
      options.push(`upperdir=${name(upper.changes)}`, `workdir=${name(upper.work)}`);
      options.push("volatile"); // the snapshotter syncs when it publishes
    }
    const flags = upper === undefined ? mountFlags.readonly : 0;
    mount({ source: "overlay", target, type: "overlay", flags, options: options.join(",") });
  } finally {
    for (const fd of open.values()) closeSync(fd);
  }
}

/** Off, whatever the kernel's defaults: features that put more into a layer than image layers have. */
function commonOptions(userNamespace: boolean): readonly string[] {
  const own = userNamespace ? "userxattr" : "redirect_dir=nofollow";
  return [own, "index=off", "metacopy=off"];
}
