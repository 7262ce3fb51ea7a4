import { readFileSync } from "node:fs";
import { arch } from "node:os";
import { posix } from "node:path";
import { BuildError } from "../error.js";
import { hostPlatform } from "../oci/platform.js";
import { hideUnifiedTree, mayMakeCgroups, ownerName, removeDeadCgroups } from "./cgroups.js";
import { mountCgroupView } from "./cgroup-view.js";
import { compiledFilter, type FilterStore } from "./compiled-filter.js";
import { DeviceGroup } from "./device-group.js";
import { requireLimitedDevices } from "./limited-devices.js";
import { findRuntime, type Runtime } from "./runtime.js";
import type { Machine } from "./spec.js";

/** What an executor finds out once, for all its steps. */
export interface ExecutorSession {
  readonly runtime: Runtime;
  readonly machine: Omit<Machine, "devices">;
  /** Prefix of names that are unique on this machine. */
  readonly owner: string;
  /** Whether steps can have cgroups of their own: not those of an ordinary user, nor in most containers. */
  readonly makesCgroups: boolean;
  /** For steps that need no cgroup of their own. */
  readonly group: DeviceGroup | undefined;
  /** What they see in /sys/fs/cgroup; undefined: the runtime sees to that. */
  readonly cgroupView: string | undefined;
  /** In base64; undefined where the runtime compiles it for each step. */
  readonly filter: string | undefined;
}

/** What a session of the executor works with. */
export interface SessionOptions {
  readonly userNamespace: boolean;
  /** The runtime that was asked for. */
  readonly wanted: string | undefined;
  readonly searchPath: string;
  readonly filters: FilterStore | undefined;
  /** Where killed processes may have left cgroups, besides the uppermost. */
  readonly cgroupParent: string | undefined;
  /** A directory in memory, for mounts. */
  readonly memory: string;
}

/** Looks for the runtime, and clears the ground. BuildError NO_RUNTIME. */
export async function openSession(options: SessionOptions): Promise<ExecutorSession> {
  const { userNamespace, wanted, searchPath, filters, cgroupParent, memory } = options;
  const runtime = findRuntime(wanted, searchPath);
  hideUnifiedTree();
  if (!userNamespace) await removeDeadCgroups(cgroupParent);
  const { architecture } = hostPlatform(arch());
  const capabilities = ownCapabilities();
  const owner = ownerName();
  const isCrun = runtime.name === "crun";
  const filter = isCrun ? compiledFilter(runtime.path, architecture, filters) : undefined;
  const makesCgroups = !userNamespace && mayMakeCgroups();
  if (!userNamespace && !makesCgroups) getOnWithoutCgroups(runtime, memory);
  const shares = isCrun && makesCgroups;
  const group = shares ? DeviceGroup.make(`${owner}-0`) : undefined;
  const view = posix.join(memory, "cgroup");
  const cgroupView = group !== undefined && mountCgroupView(view, group.path) ? view : undefined;
  const machine = { architecture, capabilities, userNamespace };
  return { runtime, machine, owner, makesCgroups, group, cgroupView, filter };
}

/** Makes sure that root may run steps without cgroups. BuildError SANDBOX. */
function getOnWithoutCgroups(runtime: Runtime, scratch: string): void {
  if (runtime.name !== "crun") {
    const message = `Cannot run steps: ${runtime.name} has to make cgroups, and they are read-only`;
    throw new BuildError("SANDBOX", message, { hint: "install crun" });
  }
  requireLimitedDevices(scratch);
}

function ownCapabilities(): bigint {
  const status = readFileSync("/proc/self/status", "utf8");
  return BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
}
