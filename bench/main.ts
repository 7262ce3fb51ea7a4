import { mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { ResourceStack } from "../src/store/resource-stack.js";
import { startRegistry } from "../test/registry/docker-registry.js";
import { openPeers } from "./builders/all.js";
import { tsbuild } from "./builders/tsbuild.js";
import { giveTo } from "./account.js";
import { runCommand } from "./command.js";
import { readOptions, usage, type Options } from "./options.js";
import { heading, linesOf, type Result } from "./report.js";
import { writeResults } from "./results.js";
import { takeTurns } from "./turns.js";
import type { Builder, Carrier } from "./builder.js";
import type { Workload } from "./workload.js";
import { workloads } from "./workloads/all.js";

const baseLayout = join(import.meta.dirname, "../.cache/base-images");

const options = readOptions(process.argv.slice(2));
if (options === undefined) console.log(usage);
else await bench(options);

async function bench({ turns, only, peers, directory, account }: Options): Promise<void> {
  const chosen = workloads.filter(({ name, onRequest = false }) =>
    only.length === 0 ? !onRequest : only.some((part) => name.includes(part)),
  );
  await using stack = new ResourceStack();
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"]) {
    process.once(name, () => {
      stop.abort(new Error(`Cannot go on: ${name}`));
    });
  }
  const site = mkdtempSync(join(directory, "tsbuild-bench-"));
  stack.use({
    [Symbol.asyncDispose]: async () => {
      await runCommand({ argv: ["rm", "-rf", site] });
    },
  });
  const registry = await registryWithBases(stack);
  await giveTo(account, site);
  const ours = stack.use(await tsbuild({ root: site, account }));
  const peersHere = await openPeers(stack, { names: peers, directory: site, account, tell });
  const carriers = [ours, ...peersHere];
  const builders = carriers.filter(isBuilder);
  for (const { name, version } of carriers) tell(`${name}: ${version}`);

  const results: Result[] = [];
  console.log(heading);
  for (const workload of chosen) {
    const place = { directory: join(site, "work"), registry };
    mkdirSync(place.directory);
    await giveTo(account, place.directory); // archives are written there
    const options = { place, turns, weighed: ours, tell };
    const measured =
      "kind" in workload
        ? await takeTurns(workload, carriers, options, stop.signal)
        : await takeTurns(workload, suited(workload, builders), options, stop.signal);
    const result = { workload, measured };
    console.log(linesOf(result)); // at once: a later workload may fail, or take too long
    results.push(result);
  }
  tell(`every time: ${writeResults(results, carriers)}`);
}

function isBuilder(carrier: Carrier): carrier is Builder {
  return "build" in carrier;
}

function suited(workload: Workload, builders: readonly Builder[]): readonly Builder[] {
  return builders.filter((builder) => workload.suits?.(builder) ?? true);
}

/** Starts a registry that has the base images; answers where it listens. */
async function registryWithBases(stack: ResourceStack): Promise<string> {
  const { host } = stack.use(await startRegistry());
  for (const name of ["busybox", "debian"]) {
    const argv = ["copy", "--quiet", "--dest-tls-verify=false", `oci:${baseLayout}:${name}`];
    await runCommand({
      argv: ["skopeo", "--insecure-policy", ...argv, `docker://${host}/${name}:latest`],
    });
  }
  return host;
}

function tell(text: string): void {
  console.error(text);
}
