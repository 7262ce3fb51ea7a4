import { once } from "node:events";
import { closeSync, readFileSync } from "node:fs";
import { Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import { BuildError } from "../error.js";
import { mount, mountFlags } from "../sys/mounts.js";
import { makePipe } from "../sys/pipe.js";
import { spawnSession, waitFor } from "../sys/spawn.js";
import { findProgram } from "./runtime.js";

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

/**
 * Starts containers from one small shell that lives as long as the build. To start each from here would take the chain
 * of programs that ties a step's life to this process: 7 ms. All steps share the shell's pid namespace, which ends with
 * this process, in whatever way it ends, because the shell's input does; each container has its own inside.
 */
export class Launcher implements AsyncDisposable {
  readonly #input: Socket;
  readonly #running = new Map<string, (code: number) => void>();
  readonly #ended: Promise<Error>;
  #hasEnded = false;

  private constructor(shell: Shell) {
    this.#input = new Socket({ fd: shell.input, readable: false, writable: true });
    this.#input.on("error", () => undefined); // the shell is gone: told by its end
    const output = new Socket({ fd: shell.output, readable: true, writable: false });
    let said = "";
    output.setEncoding("latin1").on("data", (text: string) => {
      const lines = (said + text).split("\n");
      said = lines.pop() ?? "";
      for (const line of lines) this.#containerEnded(line);
    });
    this.#ended = once(output, "close").then(() => {
      this.#hasEnded = true;
      return endOf(shell);
    });
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
    return new Launcher(startShell(argv, searchPath, file));
  }

  /** Starts a container, and answers with its exit code once it has ended. */
  async start({ name, bundle, option = "none" }: Launch): Promise<number> {
    const code = new Promise<number>((resolve) => this.#running.set(name, resolve));
    this.#input.write(`run ${name} ${option} ${bundle}\n`);
    return await Promise.race([code, this.#failure()]);
  }

  async #failure(): Promise<never> {
    throw await this.#ended;
  }

  /** Kills a container, again and again: at first there may be none yet. */
  async kill(name: string): Promise<void> {
    while (this.#running.has(name) && !this.#hasEnded) {
      this.#input.write(`kill ${name}\n`);
      await setTimeout(KILL_INTERVAL);
    }
  }

  /** Ends the shell, and with it whatever is left in its namespace. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#input.end("end\n"); // sooner than the end of the pipe, which waits for the event loop
    await this.#ended;
  }
}

/** The process between this one and the shell, and our ends of their pipes. */
interface Shell {
  readonly pid: number;
  readonly input: number;
  readonly output: number;
  readonly errors: number;
}

/** In a session of its own: Ctrl-C reaches a step only through its signal. BuildError NO_RUNTIME. */
function startShell(argv: readonly string[], searchPath: string, file: number | undefined): Shell {
  const path = findProgram("unshare", searchPath) ?? cannotStart();
  const [input, output, errors] = [makePipe(), makePipe(), makePipe()];
  const theirs = [input.read, output.write, errors.write];
  try {
    const files = file === undefined ? theirs : [...theirs, file];
    const env = [`PATH=${searchPath}`];
    const pid = spawnSession({ path, argv: ["unshare", ...argv], env, files });
    return { pid, input: input.write, output: output.read, errors: errors.read };
  } catch (cause) {
    return cannotStart(cause);
  } finally {
    for (const end of theirs) closeSync(end);
  }
}

function cannotStart(cause?: unknown): never {
  const message = `Cannot run steps: cannot start "unshare"`;
  throw new BuildError("NO_RUNTIME", message, { hint: "install util-linux", cause });
}

/** What to tell a step that waits for a shell that has closed its output. */
function endOf({ pid, errors }: Shell): BuildError {
  waitFor(pid);
  const said = readFileSync(errors, "utf8").trim();
  closeSync(errors);
  const message = `Cannot run steps: ${said || "the launcher ended"}`;
  if (!/\bproc\b.*not permitted/.test(said)) return new BuildError("SANDBOX", message);
  return new BuildError("SANDBOX", message, {
    hint: "in a container: start it with --security-opt systempaths=unconfined",
  });
}
