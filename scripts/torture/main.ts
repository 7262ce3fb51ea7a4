import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../../bench/command.js";
import { ResourceStack } from "../../src/store/resource-stack.js";
import { accountOf } from "../../test/e2e/support/account-of.js";
import { ownDirectory } from "./own-directory.js";
import { writeFiles } from "../../test/e2e/support/temporary.js";
import { startRegistry } from "../../test/registry/docker-registry.js";
import { ChangingContext } from "./changing-context.js";
import { Chance } from "./chance.js";
import { Machine } from "./machine.js";
import { readOptions, usage, type Options } from "./options.js";
import { writeProjects } from "./projects.js";
import { Torture } from "./torture.js";

const baseLayout = join(import.meta.dirname, "../../.cache/base-images");

const options = readOptions(process.argv.slice(2));
if (options === undefined) console.log(usage);
else await run(options);

async function run({ rounds, seed, user, snapshotter, directory: parent }: Options): Promise<void> {
  console.log(`seed ${seed}`);
  await using stack = new ResourceStack();
  const directory = mkdtempSync(join(parent, "tsbuild-torture-"));
  chmodSync(directory, 0o755);
  const account = accountOf(user);
  const { host: registry } = stack.use(await startRegistry());
  const base = `${registry}/busybox`;
  const copy = ["copy", "--quiet", "--dest-tls-verify=false", `oci:${baseLayout}:busybox`];
  execFileSync("skopeo", ["--insecure-policy", ...copy, `docker://${base}:latest`]);
  const projects = writeProjects(directory, { base, account });
  const anyContext = join(directory, "any");
  writeFiles(anyContext, { Dockerfile: `FROM ${base}\nRUN true\n` }, account);
  const changing = new ChangingContext(join(directory, "changing"), { base, account });
  const machine = (): Machine => new Machine({ account, directory, anyContext, snapshotter });
  const cache = ownDirectory(account, join(directory, "cache-"));
  const scene = { here: machine(), far: machine(), registry, cache, projects, changing };
  const torture = await Torture.prepare(scene, { oracle: machine(), chance: new Chance(seed) });
  for (let round = 1; round <= rounds; round++) {
    const said = await torture.round();
    console.log(`${round}: ${said}`);
  }
  await torture.end();
  await runCommand({ argv: ["rm", "-rf", directory] }); // what failed is kept, to be looked at
}
