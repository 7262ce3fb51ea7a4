import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { posix } from "node:path";
import { mount, mountFlags } from "../sys/mounts.js";

const TOP = "/sys/fs/cgroup";

/**
 * Makes `target` what /sys/fs/cgroup is for processes of this one's cgroups v1, but of `devices` among those for
 * devices: read-only, and shared by all steps, for each of which a runtime would mount some ten hierarchies.
 * False where this process does not see its own cgroups.
 */
export function mountCgroupView(target: string, devices: string): boolean {
  const hierarchies = ownHierarchies(readFileSync("/proc/self/cgroup", "utf8"));
  const places = hierarchies.map(({ name, path }) => ({
    name,
    source: name.split(",").includes("devices") ? devices : posix.join(TOP, name, path),
  }));
  if (!places.every(({ source }) => existsSync(source))) return false;
  mkdirSync(target);
  for (const { name, source } of places) {
    const place = posix.join(target, name);
    mkdirSync(place);
    mount({ source, target: place, flags: mountFlags.bind });
    mount({ source: "none", target: place, flags: mountFlags.bind | mountFlags.remount | inert });
    const controllers = name.split(",");
    if (controllers.length === 1) continue;
    for (const controller of controllers) symlinkSync(name, posix.join(target, controller));
  }
  return true;
}

const inert = mountFlags.readonly | mountFlags.nosuid | mountFlags.nodev | mountFlags.noexec;

/** Of cgroups v1, by the names of their directories: "cpu,cpuacct" (cgroups(7), /proc/pid/cgroup). */
function ownHierarchies(text: string): readonly { readonly name: string; readonly path: string }[] {
  return text.split("\n").flatMap((line) => {
    const [, name = "", path = ""] = /^\d+:([^:]+):(.*)$/.exec(line) ?? [];
    return name === "" ? [] : [{ name: name.replace(/^name=/, ""), path }];
  });
}
