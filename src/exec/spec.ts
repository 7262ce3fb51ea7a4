import { stepCapabilities } from "./capabilities.js";
import { deviceRules, nodeRules } from "./device-rules.js";
import type { BindMount, TmpfsMount } from "./sandbox-mount.js";
import type { SandboxProcess } from "./executor.js";
import { resourceSection } from "./resources.js";
import { rlimits } from "./rlimits.js";
import { systemMounts } from "./system-mounts.js";
import { compiledProfile, seccompProfile } from "./seccomp-profile.js";
import type { ResolvedUser } from "./users.js";

/** A device node of the host, for an insecure step. */
export interface HostDevice {
  readonly path: string;
  readonly type: "b" | "c";
  readonly major: number;
  readonly minor: number;
}

/** What of this machine a specification depends on. */
export interface Machine {
  /** As in an image's platform: "amd64". */
  readonly architecture: string;
  readonly userNamespace: boolean;
  /** This process's own capabilities, one bit each: none can be given that it lacks. */
  readonly capabilities: bigint;
  /** The host's device nodes; only an insecure step sees them. */
  readonly devices: readonly HostDevice[];
}

/** Everything that a step's config.json is computed from. */
export interface SpecInput {
  readonly process: Omit<SandboxProcess, "root" | "stdio" | "user">;
  readonly user: ResolvedUser;
  readonly rootPath: string;
  readonly machine: Machine;
  /** Resolved in the root filesystem, in mounting order: resolv.conf, hosts, then the step's own. */
  readonly mounts: readonly (BindMount | TmpfsMount)[];
  /** A file that pins the network namespace; undefined: a new one, or the host's. */
  readonly networkNamespace: string | undefined;
  /** undefined: no cgroup of its own. */
  readonly cgroupsPath: string | undefined;
  /** What a step without one sees in /sys/fs/cgroup; undefined: the runtime sees to that. */
  readonly cgroupView?: string | undefined;
  /** The runtime gets the seccomp filter in another way. */
  readonly hasCompiledFilter?: boolean;
}

/** The config.json of a step (runtime-spec, config.md). */
export function runtimeSpec(input: SpecInput): object {
  const { process, mounts, rootPath, machine, cgroupsPath } = input;
  const view = cgroupsPath === undefined ? input.cgroupView : undefined;
  return {
    ociVersion: "1.0.2",
    process: processSection(input),
    root: { path: rootPath, readonly: false },
    hostname: process.hostname,
    mounts: [...systemMounts(process, machine.userNamespace, view), ...mounts.map(stepMount)],
    linux: linuxSection(input),
    ...(process.devices === undefined ? {} : { hooks: process.devices.hooks }),
  };
}

/** As JSON text. "unlimited" becomes 2^64-1, which no JavaScript number holds. */
export function serializeSpec(spec: object): string {
  return JSON.stringify(spec).replace(/"(hard|soft)":"unlimited"/g, '"$1":18446744073709551615');
}

function processSection({ process, user, machine }: SpecInput): object {
  const capabilities = stepCapabilities(process.security, machine.capabilities);
  const { uid, gid } = user;
  const additionalGids = [...user.additionalGids, ...(process.devices?.additionalGids ?? [])];
  return {
    terminal: process.terminal,
    // its own group too, or giving that one up would get past modes that deny it (CVE-2022-36109)
    user: { uid, gid, additionalGids: [...new Set([gid, ...additionalGids])], umask: 0o022 },
    args: process.argv,
    env: withHome(environment(process), user.home),
    cwd: process.cwd,
    capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    rlimits: rlimits(process.ulimits),
    noNewPrivileges: false,
  };
}

function environment({ env, secretEnv, devices }: SpecInput["process"]): readonly string[] {
  return replacing(replacing(env, secretEnv), devices?.env ?? []);
}

/** The later one of two variables of a name. */
function replacing(env: readonly string[], later: readonly string[]): readonly string[] {
  const names = new Set(later.map(nameOf));
  return [...env.filter((entry) => !names.has(nameOf(entry))), ...later];
}

function nameOf(assignment: string): string {
  return assignment.split("=", 1)[0] ?? "";
}

function withHome(env: readonly string[], home: string): readonly string[] {
  return env.some((entry) => entry.startsWith("HOME=")) ? env : [...env, `HOME=${home}`];
}

function stepMount(mount: BindMount | TmpfsMount): object {
  const { kind: type, target: destination } = mount;
  const access = mount.readonly ? "ro" : "rw";
  if (mount.kind === "bind") {
    const options = ["rbind", "rprivate", access, ...(mount.options ?? [])];
    return { destination, type, source: mount.source, options };
  }
  const size = mount.size === undefined ? [] : [`size=${mount.size}`];
  return { destination, type, source: type, options: ["nosuid", access, ...size] };
}

function linuxSection(input: SpecInput): object {
  const { process, machine, hasCompiledFilter = false } = input;
  const profile = hasCompiledFilter ? compiledProfile : seccompProfile;
  const seccomp = profile(machine.architecture);
  const insecure = process.security === "insecure";
  return {
    namespaces: namespaces(input),
    ...cgroupSection(input),
    ...(insecure ? {} : { seccomp, maskedPaths, readonlyPaths }),
    ...deviceSection(input),
  };
}

/** Without a cgroup there is nothing to enforce limits; of devices, the kernel does in a user namespace. */
function cgroupSection({ process, cgroupsPath }: SpecInput): object {
  if (cgroupsPath === undefined) return {};
  const rules = deviceRules(process.security === "insecure");
  const devices = [...rules, ...nodeRules(process.devices?.nodes ?? [])];
  return { cgroupsPath, resources: { devices, ...resourceSection(process.resources) } };
}

/** Nodes cannot be made in a user namespace: there they are mounted (step-mounts.ts). */
function deviceSection({ process, machine, user }: SpecInput): object {
  const wanted = machine.userNamespace ? [] : (process.devices?.nodes ?? []);
  const nodes = wanted.map(({ path, type, major, minor, fileMode, ...owner }) => {
    const { uid = user.uid, gid = user.gid } = owner;
    return { path, type, major, minor, fileMode, uid, gid };
  });
  const shown = process.security === "insecure" ? machine.devices : [];
  const others = shown.filter(({ path }) => !nodes.some((node) => node.path === path));
  return nodes.length + others.length === 0 ? {} : { devices: [...others, ...nodes] };
}

function namespaces({ process, networkNamespace }: SpecInput): readonly object[] {
  const own = ["pid", "mount", "ipc", "uts", "cgroup"].map((type) => ({ type }));
  if (process.network === "none") return [...own, { type: "network" }];
  if (networkNamespace === undefined) return own;
  return [...own, { type: "network", path: networkNamespace }];
}

const maskedPaths = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/devices/virtual/powercap",
  "/sys/firmware",
];

const readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];
