import { closeSync, mkdirSync, writeFileSync } from "node:fs";
import { posix } from "node:path";
import { sealedCopy } from "../sys/sealed-copy.js";
import type { OutputSink, SandboxProcess } from "./executor.js";
import type { ExecutorSession } from "./executor-session.js";
import { Launched } from "./launched.js";
import { FILE, Launcher } from "./launcher.js";
import { runRuntime } from "./run-runtime.js";

/** Where a container is. */
export interface ContainerSite {
  readonly name: string;
  /** The runtime's bundle directory (runtime-spec, bundle.md). */
  readonly bundle: string;
  /** Absolute, in each hierarchy; undefined: none of its own. */
  readonly cgroup: string | undefined;
}

/** A container that is ready to run. */
export interface Container extends ContainerSite {
  readonly process: SandboxProcess;
  /** Its runtime, where that was started ahead. */
  readonly launched: Launched | undefined;
  /** The content of config.json. */
  readonly config: string;
}

type Session = Pick<ExecutorSession, "group" | "runtime">;

/** What a starter works with. */
export interface StarterOptions {
  /** The runtime's --root. */
  readonly state: string;
  readonly searchPath: string;
}

/** Starts containers: by one launcher, or on its own what has input or a terminal. */
export class Starter implements AsyncDisposable {
  readonly #state: string;
  readonly #searchPath: string;
  #launcher: Launcher | undefined;

  constructor({ state, searchPath }: StarterOptions) {
    this.#state = state;
    this.#searchPath = searchPath;
  }

  /** Starts the launcher ahead of the first container. */
  getReady(session: Session): void {
    this.#launcherOf(session);
  }

  /** Starts the runtime of a container that waits for its configuration; only crun does. */
  startAhead({ name, bundle, cgroup }: ContainerSite, session: Session): Launched {
    const launcher = this.#launcherOf(session);
    mkdirSync(bundle, { mode: 0o700 });
    const option = globalOption(cgroup, session);
    return Launched.ahead(launcher, { name, bundle, option });
  }

  /** Runs a container to its end: its exit code. Aborting kills it. */
  async run(container: Container, session: Session, signal: AbortSignal): Promise<number> {
    const { process, name, bundle, cgroup, config, launched } = container;
    const sink = launchedSink(process);
    const option = globalOption(cgroup, session);
    if (launched === undefined) writeFileSync(posix.join(bundle, "config.json"), config);
    if (sink !== undefined) {
      const launcher = this.#launcherOf(session);
      signal.throwIfAborted();
      const started = launched ?? Launched.start(launcher, { name, bundle, option });
      return await finish(started, { config, sink, process }, signal);
    }
    const log = ["--log", LOG, "--log-format", "json"];
    const global = option === undefined ? log : [option, ...log];
    const argv = [session.runtime.path, "--root", this.#state, ...global, "run", name];
    const { stdio, stdin, started } = process;
    started();
    const searchPath = this.#searchPath;
    return await runRuntime(argv, { stdio, stdin, searchPath, bundle }, signal);
  }

  #launcherOf(session: Session): Launcher {
    return (this.#launcher ??= this.#launch(session));
  }

  /**
   * crun copies itself into memory and starts again from there, so that no container can overwrite it
   * (CVE-2019-5736). It does not when it is such a copy already, which spares each step 1.5 ms.
   */
  #launch({ runtime, group }: Session): Launcher {
    const copy = runtime.name === "crun" ? sealedCopy(runtime.path) : undefined;
    try {
      const program = copy === undefined ? runtime.path : FILE;
      const site = { searchPath: this.#searchPath, members: group?.members, file: copy };
      return Launcher.start([program, "--root", this.#state], site);
    } finally {
      if (copy !== undefined) closeSync(copy);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#launcher?.[Symbol.asyncDispose]();
  }
}

async function finish(
  launched: Launched,
  { config, sink, process }: Pick<Container, "config" | "process"> & { readonly sink: OutputSink },
  signal: AbortSignal,
): Promise<number> {
  using ending = launched;
  await ending.configure(config);
  process.started();
  return await ending.end(sink, signal);
}

/** For a container without a cgroup of its own; runc finds out by itself that it cannot make any. */
function globalOption(
  cgroup: string | undefined,
  { runtime }: Pick<ExecutorSession, "runtime">,
): string | undefined {
  return runtime.name === "crun" && cgroup === undefined ? "--cgroup-manager=disabled" : undefined;
}

/** Where the output goes of what the launcher starts: all that has neither input nor terminal. */
export function launchedSink({
  stdio,
  stdin,
}: Pick<SandboxProcess, "stdin" | "stdio">): OutputSink | undefined {
  return stdio === "inherit" || stdin !== undefined ? undefined : stdio;
}

/** In the bundle, from where runtimes are started: crun takes a path with ":" for more than a path. */
const LOG = "log";

/** The runtime's own log, in JSON lines. */
export function logOf(bundle: string): string {
  return posix.join(bundle, LOG);
}
