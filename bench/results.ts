import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import type { Carrier } from "./builder.js";
import type { Result } from "./report.js";

/** Writes bench/results/<date>.json, every single time in it, and tells where. */
export function writeResults(results: readonly Result[], builders: readonly Carrier[]): string {
  const directory = join(import.meta.dirname, "results");
  mkdirSync(directory, { recursive: true });
  const date = new Date().toISOString().slice(0, 19);
  const file = join(directory, `${date.replaceAll(":", "-")}.json`);
  const content = {
    date,
    machine: {
      kernel: release(),
      cpu: cpus()[0]?.model,
      cores: cpus().length,
      memory: totalmem(),
      node: process.version,
    },
    builders: Object.fromEntries(builders.map(({ name, version }) => [name, version])),
    workloads: results.map(({ workload: { name, title }, measured }) => ({
      name,
      title,
      measured,
    })),
  };
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
  return file;
}
