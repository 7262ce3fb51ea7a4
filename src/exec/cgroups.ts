import { accessSync, constants, readdirSync, readFileSync, readlinkSync, rmdirSync } from "node:fs";
import { posix } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isSystemError } from "../sys/system-error.js";
import { mount } from "../sys/mounts.js";

const TOP = "/sys/fs/cgroup";
const UNIFIED = "unified";

/**
 * Hides the v2 tree of a hybrid machine from the runtime: crun refuses it. Covered, not unmounted,
 * for crun then makes directories at that place, and they should vanish with our mount namespace.
 */
export function hideUnifiedTree(): void {
  const target = posix.join(TOP, UNIFIED);
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const top = mounts.findLast((line) => line.split(" ")[4] === target);
  if (top?.includes(" - cgroup2 ") !== true) return;
  if (inMachineNamespace()) throw new Error("no mount namespace of our own: nothing to cover");
  mount({ source: "none", target, type: "tmpfs" });
}

function inMachineNamespace(): boolean {
  if (readlinkSync("/proc/self") === "1") return false; // the first of a container, not of the machine
  const first = ifReadable(() => readlinkSync("/proc/1/ns/mnt")); // not for a user's eyes
  return first === readlinkSync("/proc/self/ns/mnt");
}

/** Whether root may make cgroups here; in a container they usually are read-only. */
export function mayMakeCgroups(): boolean {
  const tops = trees();
  return tops.length > 0 && tops.every(isWritable);
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** A name prefix for this process's cgroups by which a later one can tell that it is gone. */
export function ownerName(): string {
  const pid = readlinkSync("/proc/self");
  return `tsbuild-${pid}-${startTime(pid) ?? "0"}`;
}

/** Removes what processes that were killed left behind, below `parent` too. */
export async function removeDeadCgroups(parent = ""): Promise<void> {
  const tops = trees();
  for (const place of new Set(tops.flatMap((top) => [top, posix.join(top, parent)]))) {
    for (const name of ifReadable(() => readdirSync(place)) ?? []) {
      const [, pid, start] = /^tsbuild-(\d+)-(\d+)-\d+$/.exec(name) ?? [];
      if (pid === undefined || startTime(pid) === start) continue;
      await removeCgroup(posix.join(place, name));
    }
  }
}

/** Removes the cgroup `name` (a path) that a killed runtime could not; fine when it did. */
export async function removeCgroups(name: string): Promise<void> {
  const paths = trees().map((tree) => posix.join(tree, name));
  await Promise.all(paths.map((path) => removeCgroup(path)));
}

/** The roots of all hierarchies: one with cgroups v2, one for each controller before. */
function trees(): readonly string[] {
  const entries = ifReadable(() => readdirSync(TOP, { withFileTypes: true })) ?? [];
  if (entries.some(({ name }) => name === "cgroup.procs")) return [TOP];
  const controllers = entries.filter((entry) => entry.isDirectory() && entry.name !== UNIFIED);
  return controllers.map(({ name }) => posix.join(TOP, name));
}

/** Removes one that processes may just have left; fine when it is gone. One that stays in use is left to `removeDeadCgroups`. */
export async function removeCgroup(path: string): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    try {
      rmdirSync(path);
      return;
    } catch (error) {
      if (isSystemError(error, "ENOENT", "EACCES", "EPERM", "EROFS")) return;
      if (!isSystemError(error, "EBUSY")) throw error;
      await sleep(5); // processes that were killed leave their cgroup a moment later
    }
  }
}

/** Field 22 of proc(5)'s stat, counted after the name, which may hold spaces and brackets. */
function startTime(pid: string): string | undefined {
  const stat = ifReadable(() => readFileSync(`/proc/${pid}/stat`, "utf8")) ?? "";
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

/** On this thread: to another one and back takes as long as reading ten such directories. */
function ifReadable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
