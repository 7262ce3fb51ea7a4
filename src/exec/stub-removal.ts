import {
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
} from "node:fs";
import { posix } from "node:path";
import { isSystemError } from "../sys/system-error.js";
import { openBeneath } from "../sys/open-beneath.js";
import { setModificationTime } from "../sys/inodes.js";
import { O_CLOEXEC } from "../sys/open-flags.js";

/** A mount point that the engine made in a root filesystem. */
export interface Stub {
  readonly path: string;
  /** Its inode in the upper directory, so that a namesake of the step's is not taken for it. */
  readonly inode: bigint;
}

/**
 * Takes stubs that are still empty out of an unmounted upper directory. A parent keeps the mtime that the step left;
 * that it was copied up is no change.
 */
export function removeStubs(upper: string, stubs: readonly Stub[]): void {
  if (stubs.length === 0) return;
  const root = openSync(upper, constants.O_RDONLY | constants.O_DIRECTORY);
  const aside = new Aside(upper);
  try {
    for (const stub of stubs.toReversed()) {
      inParent(root, stub.path, (entry) => {
        removeIfEmpty(entry, stub, aside);
      });
    }
  } finally {
    closeSync(root);
  }
}

/**
 * Runs `remove` on the entry, and gives its parent the old mtime back. The step may have put links
 * in the place of parents (GHSA-4v98-7qmw-rqr8): such a path is not ours any more.
 */
function inParent(root: number, path: string, remove: (entry: string) => void): void {
  const fd = openParent(root, path);
  if (fd === undefined) return;
  try {
    const parent = `/proc/self/fd/${fd}/.`;
    const { mtimeNs } = lstatSync(parent, { bigint: true });
    remove(`/proc/self/fd/${fd}/${posix.basename(path)}`);
    setModificationTime(parent, mtimeNs);
  } finally {
    closeSync(fd);
  }
}

function openParent(root: number, path: string): number | undefined {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | O_CLOEXEC;
  const parent = Buffer.from(posix.dirname(path).slice(1)).toString("latin1");
  try {
    return openBeneath(root, parent, flags, "no-symlinks");
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTDIR", "ELOOP", "EXDEV")) return undefined;
    throw error;
  }
}

function removeIfEmpty(entry: string, stub: Stub, aside: Aside): void {
  const stat = lstatSync(entry, { bigint: true, throwIfNoEntry: false });
  if (stat?.ino !== stub.inode) return;
  if (stat.isDirectory()) aside.takeIfEmpty(entry);
  else if (stat.size === 0n) unlinkSync(entry);
}

/** Where directories wait beside `upper` until all of it goes: removing one may take the disk a millisecond. */
class Aside {
  readonly #place: string;
  #count = 0;

  constructor(upper: string) {
    this.#place = posix.dirname(upper);
  }

  takeIfEmpty(directory: string): void {
    if (readdirSync(directory).length > 0) return;
    renameSync(directory, posix.join(this.#place, `aside-${++this.#count}`));
  }
}
