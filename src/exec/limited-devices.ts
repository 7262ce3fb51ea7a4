import { closeSync, constants, mkdirSync, openSync } from "node:fs";
import { posix } from "node:path";
import { BuildError } from "../error.js";
import { fileTypes } from "../sys/file-stat.js";
import { mknod } from "../sys/inodes.js";
import { mount, unmount } from "../sys/mounts.js";
import { isSystemError } from "../sys/system-error.js";

const { O_NONBLOCK, O_RDONLY } = constants;

/** The first disks of the drivers "sd" and "nvme" (Linux's Documentation/admin-guide/devices.txt). */
const disks = [
  [8, 0],
  [259, 0],
] as const;

/**
 * A step of root without a cgroup of its own could open the machine's disks by nodes that it makes, unless the
 * container that all of this runs in forbids it: makes sure of that. `scratch` is in memory. BuildError SANDBOX.
 */
export function requireLimitedDevices(scratch: string): void {
  const place = posix.join(scratch, "nodes");
  mkdirSync(place);
  mount({ source: "tmpfs", target: place, type: "tmpfs", options: "mode=700" }); // not nodev
  try {
    for (const [major, minor] of disks) {
      if (!isForbidden(posix.join(place, `${major}-${minor}`), major, minor)) throw unlimited();
    }
  } finally {
    unmount(place);
  }
}

/**
 * Whether a node cannot be made, as in a user namespace, or not opened. The rules of a cgroup are asked before the
 * device: without rules, and without a disk, opening fails with ENXIO.
 */
function isForbidden(node: string, major: number, minor: number): boolean {
  try {
    mknod(node, fileTypes.block | 0o600, major, minor);
    closeSync(openSync(node, O_RDONLY | O_NONBLOCK));
    return false;
  } catch (error) {
    return isSystemError(error, "EPERM");
  }
}

function unlimited(): BuildError {
  const message =
    "Cannot run steps: without cgroups of their own, they could open this machine's disks";
  return new BuildError("SANDBOX", message, {
    hint: "make /sys/fs/cgroup writable, or run tsbuild as an ordinary user",
  });
}
