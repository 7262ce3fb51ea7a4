import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { runCommand, type Command } from "./command.js";

const INTERVAL = 10; // milliseconds

/** Runs a command and tells the most memory that it held at once, all its processes together. */
export async function peakMemory(command: Command): Promise<number> {
  const done = new AbortController();
  let watching: Promise<number> = Promise.resolve(0);
  try {
    await runCommand(command, (pid) => {
      watching = watch(pid, done.signal);
    });
  } finally {
    done.abort();
  }
  return await watching;
}

async function watch(pid: number, done: AbortSignal): Promise<number> {
  let peak = 0;
  while (!done.aborted) {
    peak = Math.max(peak, treeMemory(pid));
    await setTimeout(INTERVAL);
  }
  return peak;
}

/** Resident bytes of a process and its descendants; pages that they share count for each. */
function treeMemory(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? "0";
  const children = read(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean);
  return children.reduce((sum, child) => sum + treeMemory(Number(child)), Number(kibibytes) * 1024);
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return ""; // it ended meanwhile
  }
}
