import { stepCapabilities } from "./capabilities.js";
import type { BindMount, SandboxProcess, TmpfsMount } from "./executor.js";
import { resourceSection } from "./resources.js";
import { rlimits } from "./rlimits.js";
import { systemMounts } from "./system-mounts.js";
import { seccompProfile } from "./seccomp-profile.js";
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
}

/** The config.json of a step (runtime-spec, config.md). */
export function runtimeSpec(input: SpecInput): object {
  const { process, mounts, rootPath } = input;
  return {
    ociVersion: "1.0.2",
    process: processSection(input),
    root: { path: rootPath, readonly: false },
    hostname: process.hostname,
    mounts: [...systemMounts(process, input.machine.userNamespace), ...mounts.map(stepMount)],
    linux: linuxSection(input),
  };
}

/** As JSON text. "unlimited" becomes 2^64-1, which no JavaScript number holds. */
export function serializeSpec(spec: object): string {
  return JSON.stringify(spec).replace(/"(hard|soft)":"unlimited"/g, '"$1":18446744073709551615');
}

function processSection({ process, user, machine }: SpecInput): object {
  const capabilities = stepCapabilities(process.security, machine.capabilities);
  const { uid, gid, additionalGids } = user;
  return {
    terminal: process.terminal,
    // its own group too, or giving that one up would get past modes that deny it (CVE-2022-36109)
    user: { uid, gid, additionalGids: [...new Set([gid, ...additionalGids])], umask: 0o022 },
    args: process.argv,
    env: withHome(withSecrets(process), user.home),
    cwd: process.cwd,
    capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    rlimits: rlimits(process.ulimits),
    noNewPrivileges: false,
  };
}

function withSecrets({ env, secretEnv }: SpecInput["process"]): readonly string[] {
  const names = new Set(secretEnv.map(nameOf));
  return [...env.filter((entry) => !names.has(nameOf(entry))), ...secretEnv];
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
  const { process, machine, cgroupsPath } = input;
  const insecure = process.security === "insecure";
  const confinement = insecure
    ? { devices: machine.devices }
    : {
        seccomp: seccompProfile(machine.architecture),
        maskedPaths,
        readonlyPaths,
      };
  return {
    namespaces: namespaces(input),
    ...(cgroupsPath === undefined ? {} : { cgroupsPath }),
    // Without a cgroup there is nothing to enforce them; in a user namespace the kernel does.
    ...(cgroupsPath === undefined
      ? {}
      : { resources: { devices: deviceRules(insecure), ...resourceSection(process.resources) } }),
    ...confinement,
  };
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

/** A rule of the devices controller: linux.resources.devices of the runtime-spec. */
export interface DeviceRule {
  readonly allow: boolean;
  /** Missing means every type, or every number. */
  readonly type?: "b" | "c";
  readonly major?: number;
  readonly minor?: number;
  readonly access: string;
}

/** Any node may be made, as in Docker, but only the harmless ones opened. */
export function deviceRules(insecure: boolean): readonly DeviceRule[] {
  if (insecure) return [{ allow: true, access: "rwm" }];
  const opened = [
    ["1:3", "1:5", "1:7", "1:8", "1:9"], // null, zero, full, random, urandom
    ["5:0", "5:1", "5:2", "136:*"], // tty, console, ptmx, pts
  ].flat();
  return [
    { allow: false, access: "rwm" },
    { allow: true, type: "c", access: "m" },
    { allow: true, type: "b", access: "m" },
    ...opened.map((name) => allowDevice(name)),
  ];
}

function allowDevice(name: string): DeviceRule {
  const [major, minor] = name.split(":");
  const numbers = { major: Number(major), ...(minor === "*" ? {} : { minor: Number(minor) }) };
  return { allow: true, type: "c", ...numbers, access: "rwm" };
}
