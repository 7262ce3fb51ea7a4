import { readdir, readFile, readlink, rmdir } from "node:fs/promises";
import { posix } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isSystemError, mount, unmount } from "../sys/syscalls.js";

const TOP = "/sys/fs/cgroup";

/**
 * Hides the v2 tree of a hybrid machine from the runtime: crun refuses it. A user may not unmount
 * what its namespace inherited, but may cover it. Only this process's mount namespace is changed.
 */
export async function hideUnifiedTree(userNamespace: boolean): Promise<void> {
  const unified = posix.join(TOP, "unified");
  const mounts = await readFile("/proc/self/mountinfo", "utf8");
  const here = mounts.split("\n").find((line) => line.split(" ")[4] === unified);
  if (here === undefined || !here.includes(" - cgroup2 ")) return;
  if (userNamespace) mount({ source: "none", target: unified, type: "tmpfs" });
  else unmount(unified);
}

/** A name prefix for this process's cgroups by which a later one can tell that it is gone. */
export async function ownerName(): Promise<string> {
  const pid = await readlink("/proc/self");
  return `tsbuild-${pid}-${(await startTime(pid)) ?? "0"}`;
}

/** Removes what processes that were killed left behind. */
export async function removeDeadCgroups(): Promise<void> {
  for (const tree of await trees()) {
    for (const name of await readdir(tree)) {
      const [, pid, start] = /^tsbuild-(\d+)-(\d+)-\d+$/.exec(name) ?? [];
      if (pid === undefined || (await startTime(pid)) === start) continue;
      await removeCgroup(posix.join(tree, name));
    }
  }
}

/** Removes the cgroup `name` that a killed runtime could not; fine when it did. */
export async function removeCgroups(name: string): Promise<void> {
  const paths = (await trees()).map((tree) => posix.join(tree, name));
  await Promise.all(paths.map((path) => removeCgroup(path)));
}

/** The roots of all hierarchies: one with cgroups v2, one for each controller before. */
async function trees(): Promise<readonly string[]> {
  const entries = await readdir(TOP, { withFileTypes: true }).catch(() => []);
  if (entries.some(({ name }) => name === "cgroup.procs")) return [TOP];
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => posix.join(TOP, name));
}

async function removeCgroup(path: string): Promise<void> {
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
