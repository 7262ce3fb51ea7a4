import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** The cgroups that belong to steps of a process. */
export async function cgroupsOf(pid: number): Promise<readonly string[]> {
  const entries = await readdir("/sys/fs/cgroup");
  const trees = entries.filter((name) => name !== "unified"); // covered by a tmpfs of our own
  const names = await Promise.all(
    ["", ...trees].map((tree) => readdir(join("/sys/fs/cgroup", tree)).catch(() => [])),
  );
  return names.flat().filter((name) => name.startsWith(`tsbuild-${pid}-`));
}
