import type { Readable, Writable } from "node:stream";
import { BuildError } from "../error.js";
import type { Outlet } from "../output/destination.js";
import type { TerminalSize } from "../progress/renderer.js";
import { AskedVariables, type Environment } from "./asked.js";
import { openStandardStream } from "./standard-stream.js";
import { outputFailure } from "./output-failure.js";
import { isTerminal, terminalSize, terminalsOf } from "./terminal.js";

/** All that a command knows of the world it was started in. */
export interface Io {
  readonly in: Readable;
  readonly out: Writable;
  readonly err: Writable;
  readonly env: Environment;
  /** The variables that were asked for so far, and their values. */
  readonly asked: ReadonlyMap<string, string | undefined>;
  readonly cwd: string;
  /** For files of the user's; what a step sees, and the store, must not depend on it. */
  readonly umask: number;
  /** Aborted with a BuildError CANCELLED by Ctrl-C, SIGTERM and a terminal that goes away. */
  readonly signal: AbortSignal;
  /** Which of the streams are terminals that can be drawn on. */
  readonly terminal: { readonly in: boolean; readonly out: boolean; readonly err: boolean };
  /** Of the terminal on `err`, as it is now. */
  readonly size: () => TerminalSize;
}

const INTERRUPTED = 130;
const showCursor = "\x1b[?25h";

/** The world of this process. Call it once: it takes over the signals. */
export function nodeIo(): Io {
  const { env, asked } = new AskedVariables(process.env);
  const [stdout, stderr] = [openStandardStream(1), openStandardStream(2)];
  const leave = (code: number): never => {
    // the terminal must be usable even when a renderer could not finish
    if (isTerminal(2)) stderr.write(showCursor);
    process.exit(code);
  };
  const signal = abortOnSignals(() => leave(INTERRUPTED));
  let stdin: Readable | undefined;
  stdout.on("error", (error: Error) => {
    const { code, text } = outputFailure(error);
    stderr.write(text);
    leave(code);
  });
  stderr.on("error", () => undefined); // nobody is left to tell
  return {
    // opening it costs time, and hardly any command reads it
    get in() {
      return (stdin ??= standardInput(signal));
    },
    out: stdout,
    err: stderr,
    env,
    asked,
    get cwd() {
      return workingDirectory();
    },
    umask: process.umask(0o022),
    signal,
    terminal: {
      get in() {
        return isTerminal(0);
      },
      ...terminalsOf(env),
    },
    size: terminalSize,
  };
}

/** Ends when `signal` is aborted, with its reason: nobody waits for input any longer then. */
function standardInput(signal: AbortSignal): Readable {
  const { stdin } = process;
  const end = (): void => void stdin.destroy(signal.reason as Error);
  stdin.on("error", () => undefined); // told to who reads
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  return stdin;
}

/** Asked for late: a command that reads and writes nothing there can do without. */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (cause) {
    const message = "Cannot go on: the current directory is gone";
    throw new BuildError("SYSTEM", message, { hint: "change to one that exists", cause });
  }
}

/** Where an exporter writes to. */
export function outletOf({ out, terminal, umask }: Io): Outlet {
  return { stream: out, isTerminal: terminal.out, umask };
}

/** Waits until what was written has left the process, so that exiting loses nothing. */
export async function drain({ out, err }: Pick<Io, "err" | "out">): Promise<void> {
  await Promise.all([flushed(out), flushed(err)]);
}

async function flushed(stream: Writable): Promise<void> {
  if (stream.destroyed || stream.writableEnded) return;
  await new Promise<void>((resolve) => {
    stream.write("", () => {
      resolve();
    });
  });
}

/** The first signal asks for an orderly end; a second Ctrl-C does not wait for it. */
function abortOnSignals(leave: () => never): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) leave();
      controller.abort(new BuildError("CANCELLED", `Cannot go on: interrupted by ${name}`));
    });
  }
  return controller.signal;
}
