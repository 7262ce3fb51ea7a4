import type { Readable } from "node:stream";
import type { ActiveSnapshot } from "../snapshotter/snapshotter.js";
import type { DeviceEdits } from "./device-edits.js";
import type { Resources } from "./resources.js";
import type { Ulimit } from "./rlimits.js";
import type { SandboxMount } from "./sandbox-mount.js";

/** One process in its own namespaces over a root directory. */
export interface SandboxProcess {
  /**
   * The root filesystem. Unmounted when the process has ended, and mount points and files that the
   * engine made in it for the sandbox are taken out of `upper` again, times included.
   */
  readonly root: ActiveSnapshot;
  readonly argv: readonly string[];
  /** "NAME=value"; HOME is added from the rootfs's passwd where missing. */
  readonly env: readonly string[];
  /** `user[:group]`, names or ids, looked up in the rootfs; empty means root. */
  readonly user: string;
  readonly cwd: string;
  readonly hostname: string;
  readonly network: "default" | "none" | "host";
  readonly security: "sandbox" | "insecure";
  /** In mounting order. */
  readonly mounts: readonly SandboxMount[];
  /** As `env`, in place of variables of these names; kept off the disk. */
  readonly secretEnv: readonly string[];
  /** Bytes of /dev/shm; undefined is Docker's 64 MiB. */
  readonly shmSize: number | undefined;
  /** `host:ip` lines for /etc/hosts. */
  readonly extraHosts: readonly { readonly name: string; readonly ip: string }[];
  /** Undefined: it uses none. */
  readonly devices: DeviceEdits | undefined;
  readonly resources: Resources;
  /** The cgroup below which those of steps are; undefined is the uppermost. */
  readonly cgroupParent: string | undefined;
  readonly ulimits: readonly Ulimit[];
  /**
   * Where output goes: to a callback, or, with input, straight to the terminal of this process. Never to
   * files that this process was given: the runtime makes the process's user own what it inherits.
   */
  readonly stdio: "inherit" | OutputSink;
  /** Input besides a callback; without one, reading ends at once. Destroyed when the process ends. */
  readonly stdin: Readable | undefined;
  /** Told once it is on its way, before any output: what nobody waits for can be done meanwhile. */
  readonly started: () => void;
  /** Allocate a terminal (`tsbuild run -t`); needs stdio "inherit" and a terminal as stdin. */
  readonly terminal: boolean;
}

/** Takes what a process writes, piece by piece. */
export type OutputSink = (stream: "stdout" | "stderr", chunk: Uint8Array) => void;

/** How the process ended. */
export interface ExitStatus {
  /** 128 and its number after a signal; a command may also say so itself. */
  readonly code: number;
  /** The kernel killed a process of it, because there was no memory left. */
  readonly outOfMemory: boolean;
}

/** What the processes of a build have in common. */
export type CommonSite = Pick<SandboxProcess, "cgroupParent" | "resources">;

/** What processes are going to need. */
export interface ComingProcesses extends CommonSite {
  /** Whether one of them uses the default network. */
  readonly useNetwork: boolean;
}

/** Runs processes in sandboxes by an OCI runtime. Disposing stops the shared network. */
export interface Executor extends AsyncDisposable {
  /** Starts what a process needs, ahead of the first. What fails is told by `run`. */
  getReady(coming: ComingProcesses): Promise<void>;
  /**
   * Runs to the end. A failing command is an ExitStatus, not an error; BuildError NO_RUNTIME,
   * SANDBOX or USER_NOT_FOUND when it could not be started. Aborting kills every process in it and
   * rejects with the signal's reason. Killing this process in whatever way kills them too.
   */
  run(process: SandboxProcess, signal: AbortSignal): Promise<ExitStatus>;
}
