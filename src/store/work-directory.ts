import {
  closeSync,
  constants,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  unlinkSync,
} from "node:fs";
import { join } from "node:path";
import { isSystemError } from "../sys/system-error.js";
import { removeTree } from "../snapshotter/remove-tree.js";
import { openLocked } from "../sys/file-locks.js";
import type { Locks } from "./locks.js";
import { unmountBelow } from "./unmount-below.js";

/** A directory for what this process has not finished. Disposing removes it. */
export interface WorkDirectory extends AsyncDisposable {
  readonly path: string;
}

/**
 * Makes `<pid>-<start time>-<random>/` in `parent`. Its file "owner" is locked before anybody may look
 * at it, until this process ends in whatever way. That lock is what counts: processes of several pid
 * namespaces may share a store, so the numbers in the name are for people.
 */
export async function claimWorkDirectory(parent: string, locks: Locks): Promise<WorkDirectory> {
  const prefix = join(parent, `${processName()}-`);
  await using _lock = await locks.lock(CLAIM);
  const path = mkdtempSync(prefix);
  const owner = lockOwner(path);
  if (owner === undefined) throw new Error(`somebody else owns the new directory ${path}`);
  return {
    path,
    [Symbol.asyncDispose]: () => removeOwned(path, owner, locks),
  };
}

/** Removes the directories in `parent` whose owners are gone. */
export async function removeAbandonedWork(parent: string, locks: Locks): Promise<void> {
  for (const name of readdirSync(parent)) {
    const path = join(parent, name);
    const owner = await takeOver(path, locks);
    if (owner !== undefined) await removeOwned(path, owner, locks);
  }
}

/** Name of the lock over the moments when a directory is there without its locked owner file. */
const CLAIM = "work";

const OWNER = "owner";

async function takeOver(path: string, locks: Locks): Promise<number | undefined> {
  await using _lock = await locks.lock(CLAIM);
  try {
    return lockOwner(path);
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTDIR")) return undefined; // its owner was faster
    throw error;
  }
}

/** The locked owner file of a work directory; undefined while another process holds it. */
function lockOwner(path: string): number | undefined {
  return openLocked(join(path, OWNER), constants.O_CREAT | constants.O_RDWR, "exclusive");
}

async function removeOwned(path: string, owner: number, locks: Locks): Promise<void> {
  try {
    unmountBelow(path);
    for (const name of readdirSync(path)) if (name !== OWNER) await remove(join(path, name));
    // Else somebody could find the directory just without its owner file, and put a new one there.
    await using _lock = await locks.lock(CLAIM);
    unlinkSync(join(path, OWNER));
    await remove(path);
  } finally {
    closeSync(owner);
  }
}

/** Most processes leave nothing but empty directories and a file: those take no other thread. */
async function remove(path: string): Promise<void> {
  try {
    rmdirSync(path);
  } catch (error) {
    if (isSystemError(error, "ENOTDIR")) unlinkSync(path);
    else if (isSystemError(error, "ENOENT", "ENOTEMPTY", "EEXIST")) await removeTree(path);
    else throw error;
  }
}

/** Process id and start time in clock ticks since boot (proc(5), /proc/pid/stat, fields 1 and 22). */
function processName(): string {
  const stat = readFileSync("/proc/self/stat", "latin1");
  // The command name, field 2, may itself contain blanks and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return `${stat.slice(0, stat.indexOf(" "))}-${fields[19] ?? "0"}`;
}
