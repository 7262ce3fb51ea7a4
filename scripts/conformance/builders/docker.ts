import { join } from "node:path";
import { Missing } from "../../../bench/builder.js";
import { chrootVariable, startNewDocker } from "../../../bench/builders/docker-new.js";
import { runCommand } from "../../../bench/command.js";
import { everything } from "../render.js";
import { runBuildx } from "../run-build.js";
import type { CaseBuilder, CaseSite } from "./builder.js";

/** Docker's BuildKit: one of a newer distribution's root, as the benchmarks have it, else that of DOCKER_HOST. */
export async function docker(site: CaseSite): Promise<CaseBuilder> {
  const running = process.env["DOCKER_HOST"];
  if (process.env[chrootVariable] !== undefined || running === undefined) {
    return await startedDocker(site);
  }
  return await runningDocker(running, site);
}

async function startedDocker({ root, busybox }: CaseSite): Promise<CaseBuilder> {
  const daemon = await startNewDocker(root);
  const socket = join(root, "socket");
  const load = ["-X", "POST", "--upload-file", busybox, "http://docker/images/load"];
  await runCommand({ argv: ["curl", "-fsS", "--unix-socket", socket, ...load] });
  const { argv, env = {} } = daemon.buildx();
  return {
    ...buildKit(argv, env),
    version: daemon.version,
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  };
}

async function runningDocker(host: string, { root, busybox }: CaseSite): Promise<CaseBuilder> {
  const env = { DOCKER_HOST: host, BUILDX_CONFIG: join(root, "buildx") };
  try {
    await runCommand({ argv: ["docker", "buildx", "version"], env });
  } catch (cause) {
    throw new Missing("docker has no buildx", { cause });
  }
  await runCommand({ argv: ["docker", "load", "-i", busybox], env });
  const format = "{{.Server.Version}}";
  const { output } = await runCommand({ argv: ["docker", "version", "-f", format], env });
  return {
    ...buildKit(["docker", "buildx"], env),
    version: output.trim(),
    async [Symbol.asyncDispose]() {
      // it ran before, and runs on
    },
  };
}

/** Without a bridge, which such a daemon need not have, steps share the machine's network. */
function buildKit(
  buildx: readonly string[],
  env: Readonly<Record<string, string>>,
): Pick<CaseBuilder, "name" | "view" | "build"> {
  const argv = [...buildx, "build", "--network=host", "--provenance=false"];
  return { name: "docker", view: everything, build: (job) => runBuildx({ argv, env }, job) };
}
