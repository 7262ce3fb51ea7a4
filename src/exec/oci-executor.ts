import { mkdirSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { posix } from "node:path";
import { removeTree } from "../snapshotter/remove-tree.js";
import { removeCgroups } from "./cgroups.js";
import type { FilterStore } from "./compiled-filter.js";
import type { ComingProcesses, Executor, ExitStatus, SandboxProcess } from "./executor.js";
import { openSession, type ExecutorSession } from "./executor-session.js";
import { exitCode } from "./exit-code.js";
import { hostDevices } from "./host-devices.js";
import { LazyNetwork } from "./lazy-network.js";
import type { Launched } from "./launched.js";
import { MemoryDirectory } from "./memory-directory.js";
import { MountPoints } from "./mount-points.js";
import { ranOutOfMemory } from "./out-of-memory.js";
import { readBeneath } from "./read-beneath.js";
import { SEARCH_PATH } from "./runtime.js";
import { SharedFiles } from "./shared-files.js";
import { runtimeSpec, serializeSpec } from "./spec.js";
import { launchedSink, logOf, Starter, type ContainerSite } from "./starter.js";
import { plainStep, stepCgroup, type StepKind } from "./step-cgroup.js";
import { deviceMounts, makeMountPoints, writeNameFiles, writeSecrets } from "./step-mounts.js";
import { resolveUser } from "./users.js";

/** What the executor works with. */
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

interface Step extends ContainerSite {
  readonly process: SandboxProcess;
  readonly points: MountPoints;
  /** Its runtime, where that was started ahead. */
  readonly launched: Launched | undefined;
}

/** A runtime that waits for a step. */
interface Ahead extends ContainerSite {
  readonly number: number;
  readonly launched: Launched;
}

class OciExecutor implements Executor {
  readonly #options: ExecutorOptions;
  readonly #searchPath: string;
  readonly #memory: MemoryDirectory;
  /** For steps that cannot change them. */
  readonly #files: SharedFiles;
  readonly #network: LazyNetwork;
  readonly #starter: Starter;
  #session: Promise<ExecutorSession> | undefined;
  #gettingReady: Promise<void> = Promise.resolve();
  #ahead: Ahead | undefined;
  #steps = 0;
  /** Bundles of ended steps: taken away while the next one runs, or with all of the memory directory. */
  readonly #spent: string[] = [];

  constructor(options: ExecutorOptions) {
    this.#options = options;
    const searchPath = options.searchPath ?? SEARCH_PATH;
    this.#searchPath = searchPath;
    this.#memory = new MemoryDirectory(options.work);
    this.#files = new SharedFiles(this.#memory.path);
    this.#starter = new Starter({ state: this.#memory.state, searchPath });
    this.#network = new LazyNetwork({
      file: posix.join(options.work, "network"),
      searchPath,
      resolvConf: options.resolvConf ?? "/etc/resolv.conf",
      upstreamResolvConf: options.upstreamResolvConf ?? "/run/systemd/resolve/resolv.conf",
      warn: options.warn ?? (() => undefined),
    });
  }

  async getReady(coming: ComingProcesses): Promise<void> {
    this.#gettingReady = this.#gettingReady
      .then(() => this.#startAhead(coming))
      .catch(() => undefined);
    await this.#gettingReady;
  }

  async #startAhead({ useNetwork, ...site }: ComingProcesses): Promise<void> {
    const session = await (this.#session ??= this.#open(site.cgroupParent));
    this.#starter.getReady(session);
    if (useNetwork) this.#network.getReady();
    if (session.runtime.name !== "crun" || this.#ahead !== undefined) return;
    const number = ++this.#steps;
    const place = this.#place(number, { ...plainStep, ...site }, session);
    this.#ahead = { ...place, number, launched: this.#starter.startAhead(place, session) };
  }

  #place(number: number, step: StepKind, session: ExecutorSession): ContainerSite {
    const name = `${session.owner}-${number}`;
    const cgroup = stepCgroup(step, name, session);
    return { name, bundle: this.#memory.bundle(number), cgroup };
  }

  /** Where a step is to run: where a runtime waits for one, if that was started as it would be for this one. */
  #settle(process: SandboxProcess, session: ExecutorSession): Omit<Step, "points" | "process"> {
    const ahead = this.#ahead;
    if (ahead !== undefined && launchedSink(process) !== undefined && !ahead.launched.ended) {
      const { number, cgroup, launched } = ahead;
      const place = this.#place(number, process, session);
      if (place.cgroup === cgroup) {
        this.#ahead = undefined;
        return { ...place, launched };
      }
    }
    const place = this.#place(++this.#steps, process, session);
    mkdirSync(place.bundle, { mode: 0o700 });
    return { ...place, launched: undefined };
  }

  async run(process: SandboxProcess, signal: AbortSignal): Promise<ExitStatus> {
    const points = new MountPoints(process.root);
    let bundle: string | undefined;
    try {
      await this.#gettingReady;
      signal.throwIfAborted();
      const session = await (this.#session ??= this.#open(process.cgroupParent));
      const step = { process, points, ...this.#settle(process, session) };
      ({ bundle } = step);
      return await this.#execute(step, session, signal);
    } finally {
      await process.root.unmount();
      points.remove();
      if (bundle !== undefined) this.#spent.push(bundle);
    }
  }

  async #open(cgroupParent: string | undefined): Promise<ExecutorSession> {
    const { userNamespace, runtime: wanted, filters } = this.#options;
    const searchPath = this.#searchPath;
    const options = { userNamespace, wanted, searchPath, filters, cgroupParent };
    this.#memory.mount();
    return await openSession({ ...options, memory: this.#memory.path });
  }

  async #configOf(step: Step, session: ExecutorSession, signal: AbortSignal): Promise<string> {
    try {
      const config = await this.#prepare(step, session);
      signal.throwIfAborted();
      return config;
    } catch (error) {
      await step.launched?.discard();
      throw error;
    }
  }

  /**
   * Makes all that a step needs, and its config.json. Without other threads, as far as it goes: to each of them and
   * back takes as long as ten small calls.
   */
  async #prepare(step: Step, { machine, filter, cgroupView }: ExecutorSession): Promise<string> {
    const { process, points, bundle, cgroup } = step;
    const { root, security } = process;
    const user = await resolveUser((path) => readBeneath(root.root, path), process.user);
    const connection = await this.#network.connect(process.network);
    // what may mount could make its files writable
    const files = security === "sandbox" ? this.#files : new SharedFiles(bundle);
    const own = writeNameFiles(files, process, connection);
    const given = writeSecrets(bundle, process.mounts);
    const wanted = [...own, ...given, ...deviceMounts(process.devices, machine.userNamespace)];
    const mounts = makeMountPoints(points, process, user, wanted);
    const devices = security === "insecure" ? await hostDevices() : [];
    const filtered = filter !== undefined && security === "sandbox";
    const spec = runtimeSpec({
      process: { ...process, network: connection.network },
      user,
      rootPath: root.root,
      machine: { ...machine, devices },
      mounts,
      networkNamespace: connection.namespace,
      cgroupsPath: cgroup,
      cgroupView,
      hasCompiledFilter: filtered,
    });
    const extra = filtered ? { annotations: { "run.oci.seccomp_bpf_data": filter } } : {};
    return serializeSpec({ ...spec, ...extra });
  }

  async #execute(step: Step, session: ExecutorSession, signal: AbortSignal): Promise<ExitStatus> {
    const config = await this.#configOf(step, session, signal);
    const started = (): void => {
      step.process.started();
      void this.#clearAway();
    };
    try {
      const process = { ...step.process, started };
      const code = await this.#starter.run({ ...step, process, config }, session, signal);
      const log = code === 0 ? "" : await readFile(logOf(step.bundle), "utf8").catch(() => "");
      return { code: exitCode(code, log), outOfMemory: ranOutOfMemory(code, step.cgroup) };
    } finally {
      if (signal.aborted) await this.#removeTraces(step); // the runtime was killed too
    }
  }

  async #clearAway(): Promise<void> {
    for (const bundle of this.#spent.splice(0)) await removeTree(bundle).catch(() => undefined);
  }

  async #removeTraces({ name, cgroup }: Step): Promise<void> {
    await rm(posix.join(this.#memory.state, name), { recursive: true, force: true });
    if (cgroup !== undefined) await removeCgroups(cgroup);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gettingReady;
    this.#ahead?.launched[Symbol.dispose]();
    await this.#starter[Symbol.asyncDispose]();
    await this.#network[Symbol.asyncDispose]();
    if (this.#session === undefined) return;
    await this.#memory[Symbol.asyncDispose]();
    await (await this.#session.catch(() => undefined))?.group?.[Symbol.asyncDispose]();
  }
}
