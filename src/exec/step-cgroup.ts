import { posix } from "node:path";
import { BuildError } from "../error.js";
import type { CommonSite, SandboxProcess } from "./executor.js";
import type { ExecutorSession } from "./executor-session.js";
import { needsCgroup } from "./resources.js";
import { launchedSink } from "./starter.js";

/** What of a process decides over its cgroup. */
export type StepKind = CommonSite &
  Pick<SandboxProcess, "devices" | "security" | "stdin" | "stdio">;

/** A step with nothing special to it. */
export const plainStep = {
  security: "sandbox",
  devices: undefined,
  stdio: () => undefined,
  stdin: undefined,
} as const;

/**
 * The path of the cgroup that a step gets in each hierarchy; undefined: none of its own. A user has no
 * cgroups to give; what needs one must not go without it.
 */
export function stepCgroup(
  process: StepKind,
  name: string,
  { machine, makesCgroups, group }: Pick<ExecutorSession, "group" | "machine" | "makesCgroups">,
): string | undefined {
  if (!makesCgroups) {
    if (needsCgroup(process)) throw noCgroups(machine.userNamespace);
    return undefined;
  }
  if (group !== undefined && mayShare(process)) return undefined;
  return posix.join("/", process.cgroupParent ?? "", name);
}

/** The common cgroup allows what any step may do, and is joined by what the launcher starts. */
function mayShare(process: StepKind): boolean {
  const plain = process.security === "sandbox" && process.devices === undefined;
  return plain && !needsCgroup(process) && launchedSink(process) !== undefined;
}

function noCgroups(userNamespace: boolean): BuildError {
  if (!userNamespace) {
    return new BuildError("UNSUPPORTED", "Cannot limit the step: cgroups are read-only here");
  }
  const message = "Cannot limit the step: an ordinary user has no cgroups";
  return new BuildError("UNSUPPORTED", message, {
    hint: "run as root, or limit all of it: systemd-run --user --scope -p MemoryMax=1G tsbuild …",
  });
}
