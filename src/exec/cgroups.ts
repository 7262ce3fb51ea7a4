import { readdir, readFile, readlink, rmdir } from "node:fs/promises";
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
export async function hideUnifiedTree(): Promise<void> {
  const target = posix.join(TOP, UNIFIED);
  const mounts = (await readFile("/proc/self/mountinfo", "utf8")).split("\n");
  const top = mounts.findLast((line) => line.split(" ")[4] === target);
  if (top?.includes(" - cgroup2 ") !== true) return;
  if (await inMachineNamespace())
    throw new Error("no mount namespace of our own: nothing to cover");
  mount({ source: "none", target, type: "tmpfs" });
}

async function inMachineNamespace(): Promise<boolean> {
  const first = await readlink("/proc/1/ns/mnt").catch(() => undefined); // not for a user's eyes
  return first === (await readlink("/proc/self/ns/mnt"));
}

/** A name prefix for this process's cgroups by which a later one can tell that it is gone. */
export async function ownerName(): Promise<string> {
  const pid = await readlink("/proc/self");
  return `tsbuild-${pid}-${(await startTime(pid)) ?? "0"}`;
}

/** Removes what processes that were killed left behind, below `parent` too. */
export async function removeDeadCgroups(parent = ""): Promise<void> {
  const tops = await trees();
  for (const place of new Set(tops.flatMap((top) => [top, posix.join(top, parent)]))) {
    for (const name of await readdir(place).catch(() => [])) {
      const [, pid, start] = /^tsbuild-(\d+)-(\d+)-\d+$/.exec(name) ?? [];
      if (pid === undefined || (await startTime(pid)) === start) continue;
      await removeCgroup(posix.join(place, name));
    }
  }
}

/** Removes the cgroup `name` (a path) that a killed runtime could not; fine when it did. */
export async function removeCgroups(name: string): Promise<void> {
  const paths = (await trees()).map((tree) => posix.join(tree, name));
  await Promise.all(paths.map((path) => removeCgroup(path)));
}

/** The roots of all hierarchies: one with cgroups v2, one for each controller before. */
async function trees(): Promise<readonly string[]> {
  const entries = await readdir(TOP, { withFileTypes: true }).catch(() => []);
  if (entries.some(({ name }) => name === "cgroup.procs")) return [TOP];
  const controllers = entries.filter((entry) => entry.isDirectory() && entry.name !== UNIFIED);
  return controllers.map(({ name }) => posix.join(TOP, name));
}

/** Removes one that processes may just have left; fine when it is gone. */
export async function removeCgroup(path: string): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    try {
      await rmdir(path);
      return;
    } catch (error) {
      if (isSystemError(error, "ENOENT", "EACCES", "EPERM", "EROFS")) return;
      if (!isSystemError(error, "EBUSY")) throw error;
      await sleep(5); // processes that were killed leave their cgroup a moment later
    }
  }
}

/** Field 22 of proc(5)'s stat, counted after the name, which may hold spaces and brackets. */
async function startTime(pid: string): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}
