import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { arch } from "node:os";
import { posix } from "node:path";
import { BuildError } from "../error.js";
import { hostPlatform } from "../oci/platform.js";
import { isSystemError, mount, mountFlags, unmount } from "../sys/syscalls.js";
import { hideUnifiedTree, ownerName, removeCgroups, removeDeadCgroups } from "./cgroups.js";
import { CompiledFilter, type FilterStore } from "./compiled-filter.js";
import { DeviceGroup } from "./device-group.js";
import type { Executor, ExitStatus, OutputSink, SandboxProcess } from "./executor.js";
import { exitCode } from "./exit-code.js";
import { ranOutOfMemory } from "./out-of-memory.js";
import { needsCgroup } from "./resources.js";
import { hostDevices } from "./host-devices.js";
import { LazyNetwork } from "./lazy-network.js";
import { MountPoints } from "./mount-points.js";
import { Launcher } from "./launcher.js";
import { runRuntime } from "./run-runtime.js";
import { findRuntime, SEARCH_PATH, type Runtime } from "./runtime.js";
import { runtimeSpec, serializeSpec, type Machine } from "./spec.js";
import { deviceMounts, makeMountPoints, writeNameFiles, writeSecrets } from "./step-mounts.js";
import { readBeneath } from "./read-beneath.js";
import { resolveUser } from "./users.js";

export interface ExecutorOptions {
  /** An existing private directory for bundles and runtime state. */
  readonly work: string;
  /** Whether this process is root only in a user namespace of its own. */
  readonly userNamespace: boolean;
  /** Path or name (TSBUILD_RUNTIME); undefined: crun, else runc. */
  readonly runtime?: string | undefined;
  /** Where programs are looked for, as in PATH. */
  readonly searchPath?: string | undefined;
  /** Undefined: the filter is compiled once for each executor. */
  readonly filters?: FilterStore | undefined;
  /** Told once when steps fall back to the host's network. */
  readonly warn?: ((message: string) => void) | undefined;
  /** The host's resolver configuration, and systemd-resolved's list of upstream servers. */
  readonly resolvConf?: string | undefined;
  readonly upstreamResolvConf?: string | undefined;
}

/**
 * Opens the executor of this machine. This process must live in a mount namespace of its own.
 * Nothing is looked up or started before the first step.
 */
export function openExecutor(options: ExecutorOptions): Promise<Executor> {
  return Promise.resolve(new OciExecutor(options));
}

/** What is found out once, for all steps. */
interface Session {
  readonly runtime: Runtime;
  readonly machine: Omit<Machine, "devices">;
  /** Prefix of names that are unique on this machine. */
  readonly owner: string;
  /** For steps that need no cgroup of their own. */
  readonly group: DeviceGroup | undefined;
  readonly filter: CompiledFilter;
}

interface Step {
  readonly process: SandboxProcess;
  readonly points: MountPoints;
  /** The runtime's bundle directory (runtime-spec, bundle.md). */
  readonly bundle: string;
  /** Of the container. */
  readonly name: string;
  /** Absolute, in each hierarchy; undefined: none of its own. */
  readonly cgroup: string | undefined;
}

class OciExecutor implements Executor {
  readonly #work: string;
  readonly #userNamespace: boolean;
  readonly #wanted: string | undefined;
  readonly #searchPath: string;
  readonly #network: LazyNetwork;
  readonly #filters: FilterStore | undefined;
  #session: Promise<Session> | undefined;
  #launcher: Promise<Launcher> | undefined;
  #steps = 0;

  constructor(options: ExecutorOptions) {
    this.#work = options.work;
    this.#userNamespace = options.userNamespace;
    this.#wanted = options.runtime;
    this.#filters = options.filters;
    this.#searchPath = options.searchPath ?? SEARCH_PATH;
    this.#network = new LazyNetwork({
      file: posix.join(options.work, "network"),
      searchPath: this.#searchPath,
      resolvConf: options.resolvConf ?? "/etc/resolv.conf",
      upstreamResolvConf: options.upstreamResolvConf ?? "/run/systemd/resolve/resolv.conf",
      warn: options.warn ?? (() => undefined),
    });
  }

  async run(process: SandboxProcess, signal: AbortSignal): Promise<ExitStatus> {
    const number = ++this.#steps;
    const bundle = posix.join(this.#memory, `step-${number}`);
    const points = new MountPoints(process.root);
    try {
      signal.throwIfAborted();
      const session = await (this.#session ??= this.#open(process.cgroupParent));
      const name = `${session.owner}-${number}`;
      const step = { process, points, bundle, name, cgroup: this.#cgroup(process, name, session) };
      await this.#prepare(step, session);
      return await this.#execute(step, session, signal);
    } finally {
      await process.root.unmount();
      points.remove();
      await rm(bundle, { recursive: true, force: true });
    }
  }

  async #open(parent: string | undefined): Promise<Session> {
    const runtime = await findRuntime(this.#wanted, this.#searchPath);
    await hideUnifiedTree();
    await mkdir(this.#memory, { mode: 0o700 });
    mountMemory(this.#memory);
    if (!this.#userNamespace) await removeDeadCgroups(parent);
    const { architecture } = hostPlatform(arch());
    const capabilities = await ownCapabilities();
    const machine = { architecture, capabilities, userNamespace: this.#userNamespace };
    const owner = await ownerName();
    const shares = runtime.name === "crun" && !this.#userNamespace;
    const group = shares ? await DeviceGroup.make(`${owner}-0`) : undefined;
    const filter = await CompiledFilter.open(runtime.path, architecture, this.#filters);
    return { runtime, machine, owner, group, filter };
  }

  async #prepare(step: Step, { machine, runtime, filter }: Session): Promise<void> {
    const { process, points, bundle, name, cgroup } = step;
    const { root, security } = process;
    const user = await resolveUser((path) => readBeneath(root.root, path), process.user);
    const connection = await this.#network.connect(process.network);
    await mkdir(bundle, { mode: 0o700 });
    const own = await writeNameFiles(bundle, process, connection);
    const given = await writeSecrets(bundle, process.mounts);
    const wanted = [...own, ...given, ...deviceMounts(process.devices, machine.userNamespace)];
    const mounts = await makeMountPoints(points, process, user, wanted);
    const devices = security === "insecure" ? await hostDevices() : [];
    const spec = runtimeSpec({
      process: { ...process, network: connection.network },
      user,
      rootPath: root.root,
      machine: { ...machine, devices },
      mounts,
      networkNamespace: connection.namespace,
      cgroupsPath: cgroup,
    });
    const filtered =
      runtime.name === "crun" && security === "sandbox" && process.devices === undefined;
    const extra = filtered ? filter.additions(posix.join(this.#state, name), bundle) : {};
    await writeFile(posix.join(bundle, "config.json"), serializeSpec({ ...spec, ...extra }));
  }

  async #execute(step: Step, session: Session, signal: AbortSignal): Promise<ExitStatus> {
    const { bundle } = step;
    try {
      const code = await this.#launch(step, session, signal);
      await session.filter.take(bundle);
      const log = code === 0 ? "" : await readFile(logOf(bundle), "utf8").catch(() => "");
      return { code: exitCode(code, log), outOfMemory: ranOutOfMemory(code, step.cgroup) };
    } finally {
      if (signal.aborted) await this.#removeTraces(step); // the runtime was killed too
    }
  }

  async #launch(
    { process, bundle, name, cgroup }: Step,
    { runtime, group }: Session,
    signal: AbortSignal,
  ): Promise<number> {
    const command = [runtime.path, "--root", this.#state];
    // runc finds out by itself that it cannot make any
    const bare = runtime.name === "crun" && cgroup === undefined;
    const option = bare ? "--cgroup-manager=disabled" : undefined;
    const sink = launchedSink(process);
    if (sink !== undefined) {
      const site = { searchPath: this.#searchPath, members: group?.members };
      const launcher = await (this.#launcher ??= Launcher.start(command, site));
      return await launcher.run({ name, bundle, option, sink }, signal);
    }
    const log = ["--log", logOf(bundle), "--log-format", "json"];
    const global = option === undefined ? log : [option, ...log];
    const argv = [...command, ...global, "run", "--bundle", bundle, name];
    const { stdio, stdin } = process;
    return await runRuntime(argv, { stdio, stdin, searchPath: this.#searchPath }, signal);
  }

  /** A user has no cgroups to give; what needs one must not go without it. */
  #cgroup(process: SandboxProcess, name: string, { group }: Session): string | undefined {
    const limited = needsCgroup(process);
    if (!this.#userNamespace) {
      const joins = group !== undefined && process.security === "sandbox";
      const special = limited || process.devices !== undefined;
      if (joins && !special && launchedSink(process) !== undefined) return undefined;
      return posix.join("/", process.cgroupParent ?? "", name);
    }
    if (!limited) return undefined;
    throw new BuildError("UNSUPPORTED", "Cannot limit the step: an ordinary user has no cgroups", {
      hint: "run as root, or limit all of it: systemd-run --user --scope -p MemoryMax=1G tsbuild …",
    });
  }

  async #removeTraces({ name, cgroup }: Step): Promise<void> {
    await rm(posix.join(this.#state, name), { recursive: true, force: true });
    if (cgroup !== undefined) await removeCgroups(cgroup);
  }

  /**
   * A filesystem in memory, for bundles and the runtime's state: making and removing ten files for each
   * step costs 4 ms on a disk, and secrets must not get onto one.
   */
  get #memory(): string {
    return posix.join(this.#work, "sandbox");
  }

  /** The runtime's --root. */
  get #state(): string {
    return posix.join(this.#memory, "runtime");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#launcher)?.[Symbol.asyncDispose]();
    await this.#network[Symbol.asyncDispose]();
    if (this.#session === undefined) return;
    unmountIfThere(this.#memory);
    await (await this.#session.catch(() => undefined))?.group?.[Symbol.asyncDispose]();
  }
}

/** Where the output goes of what the launcher starts: all that has neither input nor terminal. */
function launchedSink({ stdio, stdin }: SandboxProcess): OutputSink | undefined {
  return stdio === "inherit" || stdin !== undefined ? undefined : stdio;
}

function mountMemory(target: string): void {
  const flags = mountFlags.nosuid | mountFlags.nodev;
  mount({ source: "tmpfs", target, type: "tmpfs", flags, options: "mode=700" });
}

/** Preparing may have failed before there was anything. */
function unmountIfThere(target: string): void {
  try {
    unmount(target);
  } catch (error) {
    if (!isSystemError(error, "EINVAL", "ENOENT")) throw error;
  }
}

/** The runtime's own log, in JSON lines. */
function logOf(bundle: string): string {
  return posix.join(bundle, "log");
}

async function ownCapabilities(): Promise<bigint> {
  const status = await readFile("/proc/self/status", "utf8");
  return BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
}
