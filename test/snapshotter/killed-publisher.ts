import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

/** Runs publish-forever.ts, and kills it some milliseconds after its first layer. */
export async function killPublisherAfter(delay: number, args: readonly string[]): Promise<void> {
  const script = join(import.meta.dirname, "publish-forever.ts");
  const child = spawn(process.execPath, ["--import", "tsx", script, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  await setTimeout(delay);
  child.kill("SIGKILL");
  await once(child, "close");
}
