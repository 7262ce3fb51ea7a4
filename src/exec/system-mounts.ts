import type { SandboxProcess } from "./executor.js";

interface SpecMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** What of a process decides over its system mounts. */
export type MountingProcess = Pick<SandboxProcess, "network" | "security" | "shmSize">;

/** Where the kernel's and the sandbox's own filesystems go; nested ones need no mount point. */
export const systemMountPoints = ["/proc", "/dev", "/sys"] as const;

const inert = ["nosuid", "noexec", "nodev"];

/** Docker's size of /dev/shm, in bytes. */
const DEFAULT_SHM = 64 * 1024 * 1024;

/** /proc, /dev, /sys and what belongs in them, as Docker has them. `cgroupView` is read-only as a whole. */
export function systemMounts(
  { network, security, shmSize = DEFAULT_SHM }: MountingProcess,
  userNamespace: boolean,
  cgroupView?: string,
): readonly SpecMount[] {
  const access = security === "insecure" ? "rw" : "ro";
  return [
    make("/proc", "proc", inert),
    make("/dev", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
    make("/dev/pts", "devpts", [
      ...["nosuid", "noexec", "newinstance"],
      ...["ptmxmode=0666", "mode=0620", "gid=5"],
    ]),
    make("/dev/shm", "tmpfs", [...inert, "mode=1777", `size=${shmSize}`]),
    make("/dev/mqueue", "mqueue", inert),
    userNamespace && network === "host" ? boundSys : make("/sys", "sysfs", [...inert, access]),
    cgroupView === undefined
      ? make("/sys/fs/cgroup", "cgroup", [...inert, "relatime", access])
      : bound("/sys/fs/cgroup", cgroupView, ["rbind", "rprivate", "ro", ...inert]),
  ];
}

function make(destination: string, type: string, options: readonly string[]): SpecMount {
  return { destination, type, source: type, options };
}

function bound(destination: string, source: string, options: readonly string[]): SpecMount {
  return { destination, type: "bind", source, options };
}

/** A sysfs can be mounted only by who owns the network namespace; the host's is made read-only, submounts too. */
const boundSys = bound("/sys", "/sys", ["rbind", "rslave", "rro", ...inert]);
