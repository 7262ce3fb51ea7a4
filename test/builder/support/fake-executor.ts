import { utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type {
  ComingProcesses,
  Executor,
  ExitStatus,
  SandboxProcess,
} from "../../../src/exec/executor.js";

/**
 * Stands in for the sandbox, keeps every process it was given, and can hold commands open. Of a
 * command line it understands "put FILE TEXT", "say TEXT" and "exit CODE"; what else it is asked to
 * do does nothing.
 */
export class FakeExecutor implements Executor {
  readonly processes: SandboxProcess[] = [];
  readonly #held = new Map<string, Hold>();
  #running = 0;
  /** The largest number of commands that ran at the same time. */
  peak = 0;
  disposed = false;
  /** What it was told is coming. */
  readonly coming: ComingProcesses[] = [];

  /** The commands that ran, in the order of their start. */
  get commands(): readonly string[] {
    return this.processes.map(commandOf);
  }

  /** How often a command ran. */
  count(command: string): number {
    return this.commands.filter((one) => one === command).length;
  }

  /** From now on `command` does not end until the hold is released. */
  hold(command: string): Hold {
    const hold = new Hold();
    this.#held.set(command, hold);
    return hold;
  }

  getReady(coming: ComingProcesses): Promise<void> {
    this.coming.push(coming);
    return Promise.resolve();
  }

  async run(process: SandboxProcess, signal: AbortSignal): Promise<ExitStatus> {
    signal.throwIfAborted();
    this.processes.push(process);
    this.peak = Math.max(this.peak, ++this.#running);
    try {
      process.started();
      await sleep(1); // as a real process, none ends before others could start
      await this.#held.get(commandOf(process))?.pass(signal);
      return await execute(process);
    } finally {
      this.#running--;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.disposed = true;
    return Promise.resolve();
  }
}

/** A command that is held open. */
export class Hold {
  readonly #start = new AbortController();
  readonly #end = new AbortController();

  /** Resolves when the command has started. */
  get started(): Promise<void> {
    return aborted(this.#start.signal);
  }

  release(): void {
    this.#end.abort();
  }

  /** Waits for the release; throws the reason of `signal` when that comes first. */
  async pass(signal: AbortSignal): Promise<void> {
    this.#start.abort();
    await Promise.race([aborted(this.#end.signal), aborted(signal)]);
    signal.throwIfAborted();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else {
      signal.addEventListener("abort", () => {
        resolve();
      });
    }
  });
}

function commandOf({ argv }: SandboxProcess): string {
  return argv[0] === "/bin/sh" ? (argv[2] ?? "") : argv.join(" ");
}

async function execute(process: SandboxProcess): Promise<ExitStatus> {
  for (const command of commandOf(process).split(" && ")) {
    const [verb, first = "", ...rest] = command.split(" ");
    if (verb === "put") await put(join(process.root.root, first), rest.join(" "));
    if (verb === "say") say(process, [first, ...rest].join(" "));
    if (verb === "exit") return { code: Number(first), outOfMemory: false };
  }
  return { code: 0, outOfMemory: false };
}

/** At the same time whenever it runs: mtimes are part of a DiffID. */
async function put(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await utimes(path, 0, 0);
}

function say({ stdio }: SandboxProcess, text: string): void {
  if (stdio !== "inherit") stdio("stdout", Buffer.from(`${text}\n`));
}
