import { closeSync } from "node:fs";
import { posix } from "node:path";
import { sealedCopy } from "../sys/sealed-copy.js";
import type { OutputSink, SandboxProcess } from "./executor.js";
import type { ExecutorSession } from "./executor-session.js";
import { FILE, Launcher } from "./launcher.js";
import { runRuntime } from "./run-runtime.js";

/** A container that is ready to run. */
export interface Container {
  readonly process: SandboxProcess;
  readonly name: string;
  /** The runtime's bundle directory (runtime-spec, bundle.md). */
  readonly bundle: string;
  /** Absolute, in each hierarchy; undefined: none of its own. */
  readonly cgroup: string | undefined;
}

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
  #launcher: Promise<Launcher> | undefined;

  constructor({ state, searchPath }: StarterOptions) {
    this.#state = state;
    this.#searchPath = searchPath;
  }

  /** Starts the launcher ahead of the first container. */
  async getReady(session: Pick<ExecutorSession, "group" | "runtime">): Promise<void> {
    await (this.#launcher ??= this.#launch(session));
  }

  /** Runs a container to its end: its exit code. Aborting kills it. */
  async run(
    { process, name, bundle, cgroup }: Container,
    { runtime, group }: Pick<ExecutorSession, "group" | "runtime">,
    signal: AbortSignal,
  ): Promise<number> {
    // runc finds out by itself that it cannot make any
    const bare = runtime.name === "crun" && cgroup === undefined;
    const option = bare ? "--cgroup-manager=disabled" : undefined;
    const sink = launchedSink(process);
    if (sink !== undefined) {
      const launcher = await (this.#launcher ??= this.#launch({ runtime, group }));
      return await launcher.run({ name, bundle, option, sink }, signal);
    }
    const log = ["--log", LOG, "--log-format", "json"];
    const global = option === undefined ? log : [option, ...log];
    const argv = [runtime.path, "--root", this.#state, ...global, "run", name];
    const { stdio, stdin } = process;
    const searchPath = this.#searchPath;
    return await runRuntime(argv, { stdio, stdin, searchPath, bundle }, signal);
  }

  /**
   * crun copies itself into memory and starts again from there, so that no container can overwrite it
   * (CVE-2019-5736). It does not when it is such a copy already, which spares each step 1.5 ms.
   */
  async #launch({ runtime, group }: Pick<ExecutorSession, "group" | "runtime">): Promise<Launcher> {
    const copy = runtime.name === "crun" ? sealedCopy(runtime.path) : undefined;
    try {
      const program = copy === undefined ? runtime.path : FILE;
      const site = { searchPath: this.#searchPath, members: group?.members, file: copy };
      return await Launcher.start([program, "--root", this.#state], site);
    } finally {
      if (copy !== undefined) closeSync(copy);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#launcher)?.[Symbol.asyncDispose]();
  }
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
