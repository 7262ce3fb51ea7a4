import { assert } from "chai";
import type { ChildProcess } from "node:child_process";
import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

/** What the processes of a tsbuild are known by. */
interface Site {
  /** TSBUILD_ROOT. */
  readonly root: string;
}

/** Commands of the processes that a site's tsbuild started, but for this one. */
export function processesOf(site: Site): readonly string[] {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid) || pid === String(process.pid)) return [];
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ");
      const environment = readFileSync(`/proc/${pid}/environ`, "latin1");
      const marks = `${command} ${environment} ${readlinkSync(`/proc/${pid}/cwd`)}`;
      return marks.includes(site.root) || marks.includes(markOf(site)) ? [command] : [];
    } catch {
      return []; // it ended, or is somebody else's
    }
  });
}

/** A word for commands or variables of steps, by which their processes are known. */
export function markOf(site: Site): string {
  return `mark-${site.root.slice(-6)}`;
}

/** Mounts of a site's store that the host can see. */
export function mountsOf(site: Site): readonly string[] {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return mounts.filter((line) => line.includes(site.root));
}

/**
 * Waits until a step of a build with plain progress prints this line. That it can be seen in a command line
 * tells less: a shell that comes to its last command becomes that, and the line stands in its own text.
 */
export async function stepPrints(child: ChildProcess, line: string): Promise<void> {
  let seen = "";
  child.stderr?.on("data", (chunk: Buffer) => (seen += chunk.toString()));
  const printed = new RegExp(`^#\\d+ \\d+\\.\\d+ ${line}$`, "m"); // not where the instruction is told
  await until(() => printed.test(seen) || hasEnded(child));
  assert.match(seen, printed);
}

/** Waits until nothing of the site's tsbuild runs; fails when something stays. */
export async function assertNothingLeft(site: Site): Promise<void> {
  await until(() => processesOf(site).length === 0);
  assert.deepStrictEqual(processesOf(site), []);
  assert.deepStrictEqual(mountsOf(site), []);
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** Waits for a condition, not for ever: what follows tells whether it holds. */
async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!condition() && Date.now() < deadline) await setTimeout(20);
}
