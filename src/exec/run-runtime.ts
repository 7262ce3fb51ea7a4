import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { closeSync } from "node:fs";
import { readFile, readlink } from "node:fs/promises";
import { Socket } from "node:net";
import { kill } from "node:process";
import type { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { BuildError } from "../error.js";
import { makePipe } from "../sys/pipe.js";
import { exitOf } from "./children.js";
import { Drain } from "./drain.js";
import type { OutputSink, SandboxProcess } from "./executor.js";

/**
 * Arguments of setpriv that let the program after them die with the process `self`: setpriv arms the
 * death signal, sh closes the race (that process gone before setpriv did so).
 */
export function deathGuard(self: string): readonly string[] {
  return ["--pdeathsig", "KILL", "sh", "-c", '[ "$PPID" = "$0" ] && exec "$@"', self];
}

interface Site extends Pick<SandboxProcess, "stdin" | "stdio"> {
  readonly searchPath: string;
  /** The working directory. */
  readonly bundle: string;
}

/**
 * Runs `argv` as the first process of a pid namespace that ends with this process in whatever way:
 * unshare passes its own death signal on into the namespace. For what talks to a terminal or has
 * input; other steps are started by a Launcher.
 */
export async function runRuntime(
  argv: readonly string[],
  { stdio, stdin, searchPath, bundle }: Site,
  signal: AbortSignal,
): Promise<number> {
  const guard = deathGuard(await readlink("/proc/self"));
  signal.throwIfAborted();
  const inNamespace = ["unshare", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", ...argv];
  const pipes = stdio === "inherit" ? undefined : new Pipes(stdio, stdin);
  const child = spawn("setpriv", [...guard, ...inNamespace], {
    cwd: bundle,
    env: { PATH: searchPath },
    stdio: pipes?.stdio ?? "inherit",
    detached: pipes !== undefined, // Ctrl-C reaches a step only through `signal`
  });
  pipes?.started();
  const abort = (): void => void killTree(child);
  signal.addEventListener("abort", abort, { once: true });
  try {
    const code = await exitOf(child).catch((cause: unknown) => {
      throw new BuildError("NO_RUNTIME", `Cannot run steps: cannot start "setpriv"`, {
        hint: "install util-linux",
        cause,
      });
    });
    await pipes?.ended;
    signal.throwIfAborted();
    return code ?? 128 + 9; // only SIGKILL ends unshare itself
  } finally {
    signal.removeEventListener("abort", abort);
    pipes?.close();
  }
}

/**
 * Kills the first process of the namespace: its end is that of all others there. Unshare sleeps
 * meanwhile, because it would complain on the step's standard error that SIGKILL has no handler,
 * and is killed last, so that this process hears of its end when everything has ended.
 */
async function killTree({ pid }: ChildProcess): Promise<void> {
  if (pid === undefined) return;
  if (!send(pid, "SIGSTOP")) return;
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  const [first = ""] = children.split(" ");
  if (first !== "" && send(Number(first), "SIGKILL")) {
    while (await isAlive(first)) await setTimeout(1);
  }
  send(pid, "SIGKILL");
}

/** False when it ended by itself. */
function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return kill(pid, signal);
  } catch {
    return false;
  }
}

/** Until it is a zombie, which the first process of a namespace becomes as its last one. */
async function isAlive(pid: string): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => ") Z");
  return stat[stat.lastIndexOf(")") + 2] !== "Z";
}

/** The pipes to and from a step, as real pipes; see `makePipe`. */
class Pipes {
  readonly #outputs = [makePipe(), makePipe()] as const;
  readonly #input:
    { readonly read: number; readonly source: Readable; readonly sink: Socket } | undefined;
  readonly ended: Promise<unknown>;

  constructor(sink: OutputSink, source: Readable | undefined) {
    const [stdout, stderr] = this.#outputs;
    this.#input = source && openInput(source);
    this.ended = Promise.all([
      new Drain(stdout.read, (chunk) => {
        sink("stdout", chunk);
      }).ended,
      new Drain(stderr.read, (chunk) => {
        sink("stderr", chunk);
      }).ended,
    ]);
  }

  get stdio(): StdioOptions {
    return [this.#input?.read ?? "ignore", ...this.#outputs.map(({ write }) => write)];
  }

  /** Gives up our copies of the step's ends, so that the other ends see when it is gone. */
  started(): void {
    for (const { write } of this.#outputs) closeSync(write);
    if (this.#input !== undefined) closeSync(this.#input.read);
  }

  /** Lets go of an input that nobody reads any more: waiting for it would keep this process alive. */
  close(): void {
    this.#input?.source.destroy();
    this.#input?.sink.destroy();
  }
}

function openInput(source: Readable) {
  const { read, write } = makePipe();
  const sink = new Socket({ fd: write, readable: false, writable: true });
  sink.on("error", () => undefined); // the step may end, or close its input, before all is read
  source.pipe(sink);
  return { read, source, sink };
}
