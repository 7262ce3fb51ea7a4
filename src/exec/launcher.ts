import { spawn, type ChildProcess, type ChildProcessByStdio } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { readlink } from "node:fs/promises";
import { posix } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { BuildError } from "../error.js";
import { fileTypes } from "../sys/file-stat.js";
import { mknod } from "../sys/inodes.js";
import { mount, mountFlags } from "../sys/mounts.js";
import { collect } from "./children.js";
import type { OutputSink } from "./executor.js";
import { deathGuard, drain } from "./run-runtime.js";

/** A container that the launcher starts, and who hears its output. */
export interface Launch {
  readonly name: string;
  /** A global option of the runtime, for this container. */
  readonly option?: string | undefined;
  /** Also holds the two FIFOs of its output, and the runtime's log. */
  readonly bundle: string;
  readonly sink: OutputSink;
}

/** Where a launcher lives. */
export interface LauncherSite {
  readonly searchPath: string;
  /** The file of a cgroup that all are to be in. */
  readonly members: string | undefined;
  /** A descriptor to hand on, as FILE. */
  readonly file: number | undefined;
}

/**
 * What the launcher does with each line that it reads. Its arguments are the file by which it joins a
 * cgroup, or nothing, then the runtime and the runtime's global options. A step's input is empty.
 */
const SCRIPT = `
[ -z "$1" ] || echo 0 >"$1"
shift
while read -r verb name option bundle; do # a path may have blanks in it
  case $verb in
  run)
    {
      [ "$option" != none ] || option=
      cd "$bundle" && "$@" $option --log log --log-format json run "$name" \\
        </dev/null >stdout 2>stderr
      echo "$name $?"
    } &
    ;;
  kill) "$@" kill "$name" KILL 2>/dev/null ;;
  esac
done`;

/** What the launcher and its children find an open file as; containers do not get it. */
export const FILE = "/proc/self/fd/3";

/** Between two tries to kill a container that may not be there yet, in milliseconds. */
const KILL_INTERVAL = 20;

type Shell = ChildProcessByStdio<Writable, Readable, Readable>;

/** Node's types see it by themselves only where there are no more than three streams. */
function isPiped(shell: ChildProcess): shell is Shell {
  return shell.stdin !== null && shell.stdout !== null && shell.stderr !== null;
}

/**
 * Starts containers from one small shell that lives as long as the build. Node itself would take
 * 5 ms for each fork, because it is large, and the chain of programs that ties a step's life to this
 * process 7 ms more. All steps share the shell's pid namespace, which ends with this process, in
 * whatever way it ends; each container has its own inside.
 */
export class Launcher implements AsyncDisposable {
  readonly #shell: Shell;
  readonly #running = new Map<string, (code: number) => void>();
  readonly #ended: Promise<Error>;

  private constructor(shell: Shell) {
    this.#shell = shell;
    createInterface(shell.stdout).on("line", (line) => {
      const [name = "", code] = line.split(" ");
      this.#running.get(name)?.(Number(code));
      this.#running.delete(name);
    });
    shell.stdin.on("error", () => undefined); // the shell is gone: told by its end
    this.#ended = endOf(shell);
  }

  /** `runtime`: its path and global options. */
  static async start(
    runtime: readonly string[],
    { searchPath, members = "", file }: LauncherSite,
  ): Promise<Launcher> {
    const guard = deathGuard(await readlink("/proc/self"));
    // The shell has mounts of its own, for its /proc, and must see what is mounted here after it started.
    mount({ source: "none", target: "/", flags: mountFlags.rec | mountFlags.shared });
    const namespace = ["unshare", "--pid", "--fork", "--kill-child=KILL", "--propagation", "slave"];
    namespace.push("--mount-proc");
    const argv = [...guard, ...namespace, "sh", "-c", SCRIPT, "launcher", members, ...runtime];
    const shell = spawn("setpriv", argv, {
      env: { PATH: searchPath },
      stdio: ["pipe", "pipe", "pipe", file],
      detached: true, // Ctrl-C reaches a step only through its signal
    });
    if (!isPiped(shell)) throw new Error("the launcher was started without pipes");
    return new Launcher(shell);
  }

  /** Runs a container to its end: its exit code. Aborting kills it, and rejects once it is gone. */
  async run({ name, bundle, sink, option = "none" }: Launch, signal: AbortSignal): Promise<number> {
    signal.throwIfAborted();
    const outputs = [openOutput(bundle, "stdout", sink), openOutput(bundle, "stderr", sink)];
    const kill = (): void => void this.#kill(name);
    signal.addEventListener("abort", kill, { once: true });
    try {
      const code = await Promise.race([
        this.#send(`${name} ${option} ${bundle}`, name),
        this.#failure(),
      ]);
      for (const { close } of outputs) close();
      await Promise.all(outputs.map(({ ended }) => ended));
      signal.throwIfAborted();
      return code;
    } finally {
      signal.removeEventListener("abort", kill);
      for (const { close } of outputs) close();
    }
  }

  #send(line: string, name: string): Promise<number> {
    const code = new Promise<number>((resolve) => this.#running.set(name, resolve));
    this.#shell.stdin.write(`run ${line}\n`);
    return code;
  }

  async #failure(): Promise<never> {
    throw await this.#ended;
  }

  /** Again and again: at first there may be no container yet. */
  async #kill(name: string): Promise<void> {
    while (this.#running.has(name) && this.#shell.exitCode === null) {
      this.#shell.stdin.write(`kill ${name}\n`);
      await setTimeout(KILL_INTERVAL);
    }
  }

  /** Ends the shell, and with it whatever is left in its namespace. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#shell.stdin.end();
    await this.#ended;
  }
}

/** Resolves when the shell has ended, with what to tell a step that still waits for it. */
async function endOf(shell: Shell): Promise<Error> {
  const said = collect(shell.stderr);
  const cause = await new Promise<unknown>((resolve) => {
    shell.once("error", resolve);
    shell.once("close", resolve);
  });
  if (cause instanceof Error) {
    return new BuildError("NO_RUNTIME", `Cannot run steps: cannot start "setpriv"`, {
      hint: "install util-linux",
      cause,
    });
  }
  return new BuildError(
    "SANDBOX",
    `Cannot run steps: ${(await said).trim() || "the launcher ended"}`,
  );
}

interface Output {
  readonly ended: Promise<void>;
  /** Gives up our writing end, so that reading ends with the step's last writer. Idempotent. */
  readonly close: () => void;
}

/** A FIFO that the launcher opens by name. Ours is open for writing too: no writer would be its end. */
function openOutput(bundle: string, stream: "stdout" | "stderr", sink: OutputSink): Output {
  const path = posix.join(bundle, stream);
  mknod(path, fileTypes.fifo | 0o600, 0, 0);
  const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  let write: number | undefined = openSync(path, constants.O_WRONLY);
  const ended = drain(read, (chunk) => {
    sink(stream, chunk);
  });
  return {
    ended,
    close: () => {
      if (write !== undefined) closeSync(write);
      write = undefined;
    },
  };
}
