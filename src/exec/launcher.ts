import { spawn, type ChildProcess, type ChildProcessByStdio } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { BuildError } from "../error.js";
import { mount, mountFlags } from "../sys/mounts.js";
import { collect } from "./children.js";

/** A container that the launcher starts. */
export interface Launch {
  readonly name: string;
  /** A global option of the runtime, for this container. */
  readonly option?: string | undefined;
  /** Also holds the FIFOs "stdout" and "stderr", and the runtime's log. */
  readonly bundle: string;
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
  end) exit ;;
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
 * whatever way it ends, because the shell's input does; each container has its own inside.
 */
export class Launcher implements AsyncDisposable {
  readonly #shell: Shell;
  readonly #running = new Map<string, (code: number) => void>();
  readonly #ended: Promise<Error>;

  private constructor(shell: Shell) {
    this.#shell = shell;
    let said = "";
    shell.stdout.setEncoding("latin1").on("data", (text: string) => {
      const lines = (said + text).split("\n");
      said = lines.pop() ?? "";
      for (const line of lines) this.#containerEnded(line);
    });
    shell.stdin.on("error", () => undefined); // the shell is gone: told by its end
    this.#ended = endOf(shell);
  }

  /** A line of the script: a name and an exit code. */
  #containerEnded(line: string): void {
    const [name = "", code] = line.split(" ");
    this.#running.get(name)?.(Number(code));
    this.#running.delete(name);
  }

  /** `runtime`: its path and global options. */
  static start(
    runtime: readonly string[],
    { searchPath, members = "", file }: LauncherSite,
  ): Launcher {
    // The shell has mounts of its own, for its /proc, and must see what is mounted here after it started.
    mount({ source: "none", target: "/", flags: mountFlags.rec | mountFlags.shared });
    const namespace = [
      "--pid",
      "--fork",
      "--kill-child=KILL",
      "--propagation",
      "slave",
      "--mount-proc",
    ];
    const argv = [...namespace, "sh", "-c", SCRIPT, "launcher", members, ...runtime];
    const shell = spawn("unshare", argv, {
      env: { PATH: searchPath },
      stdio: ["pipe", "pipe", "pipe", file],
      detached: true, // Ctrl-C reaches a step only through its signal
    });
    if (!isPiped(shell)) throw new Error("the launcher was started without pipes");
    return new Launcher(shell);
  }

  /** Starts a container, and answers with its exit code once it has ended. */
  async start({ name, bundle, option = "none" }: Launch): Promise<number> {
    const code = new Promise<number>((resolve) => this.#running.set(name, resolve));
    this.#shell.stdin.write(`run ${name} ${option} ${bundle}\n`);
    return await Promise.race([code, this.#failure()]);
  }

  async #failure(): Promise<never> {
    throw await this.#ended;
  }

  /** Kills a container, again and again: at first there may be none yet. */
  async kill(name: string): Promise<void> {
    while (this.#running.has(name) && this.#shell.exitCode === null) {
      this.#shell.stdin.write(`kill ${name}\n`);
      await setTimeout(KILL_INTERVAL);
    }
  }

  /** Ends the shell, and with it whatever is left in its namespace. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#shell.stdin.end("end\n"); // sooner than the end of the pipe, which waits for the event loop
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
    return new BuildError("NO_RUNTIME", `Cannot run steps: cannot start "unshare"`, {
      hint: "install util-linux",
      cause,
    });
  }
  return new BuildError(
    "SANDBOX",
    `Cannot run steps: ${(await said).trim() || "the launcher ended"}`,
  );
}
