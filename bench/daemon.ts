import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { runCommand, type Command } from "./command.js";

/** How a background program is started, and how one knows that it is there. */
export interface DaemonOptions {
  readonly command: Command;
  /** Succeeds as soon as the daemon answers. */
  readonly probe: Command;
  readonly log: string;
}

/** Starts a daemon and waits until it answers. Disposing stops it and what it started. */
export async function startDaemon({
  command: { argv, env = {} },
  probe,
  log,
}: DaemonOptions): Promise<AsyncDisposable> {
  const [program = "", ...args] = argv;
  const output = await open(log, "w");
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", output.fd, output.fd],
    detached: true, // a process group of its own, so that all of it can be stopped
  });
  await output.close();
  const daemon = { [Symbol.asyncDispose]: () => stop(child) };
  if (await answers(child, probe)) return daemon;
  await stop(child);
  throw new Error(`Cannot start ${argv.join(" ")}: see ${log}`);
}

async function answers(child: ChildProcess, probe: Command): Promise<boolean> {
  for (let attempt = 0; attempt < 100 && child.exitCode === null; attempt++) {
    try {
      await runCommand(probe);
      return true;
    } catch {
      await setTimeout(200);
    }
  }
  return false;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const inTime = setTimeout(10_000, "late" as const, { ref: false });
  if ((await Promise.race([gone, inTime])) === "late") process.kill(-child.pid, "SIGKILL");
  await gone;
}
