import { join } from "node:path";
import type { Builder, BuilderSite, BuildJob } from "../builder.js";
import { inTurn, runCommand, type Command } from "../command.js";
import { startDaemon } from "../daemon.js";
import { installed, needRoot } from "./installed.js";

/** The distribution's docker with BuildKit. */
export async function docker(site: BuilderSite): Promise<Builder> {
  return await startDocker("docker", "1", site);
}

/** The same docker with the builder that it had before BuildKit. */
export async function dockerClassic(site: BuilderSite): Promise<Builder> {
  return await startDocker("docker-classic", "0", site);
}

async function startDocker(
  name: string,
  buildKit: "0" | "1",
  { root }: BuilderSite,
): Promise<Builder> {
  needRoot(name);
  const client = await installed("/usr/bin/docker");
  const server = await installed("/usr/sbin/dockerd");
  const socket = `unix://${join(root, "socket")}`;
  const command = (...args: readonly string[]): Command => ({
    argv: [client, ...args],
    env: { DOCKER_BUILDKIT: buildKit, DOCKER_HOST: socket },
  });
  const version = await runCommand(command("--version"));
  const daemon = await startDaemon({
    command: { argv: ["unshare", "--mount", server, ...daemonFlags(root), "-H", socket] },
    probe: command("info"),
    log: join(root, "log"),
  });
  const progress = buildKit === "1" ? ["--progress=plain"] : [];
  const build = ({ context, tag }: BuildJob): Command =>
    command("build", ...progress, "--network=host", "-t", tag, context);
  return {
    name,
    version: version.output.trim(),
    build,
    buildAndPush: (job) => inTurn(build(job), command("push", job.tag)),
    exportArchive: ({ tag }, file) => savedAndCompressed(command("save", tag), file),
    pull: (image) => command("pull", "--quiet", image),
    prepare: build,
    push: (tag) => command("push", "--quiet", tag),
    async forget() {
      await runCommand(command("system", "prune", "--all", "--force"));
      await runCommand(command("builder", "prune", "--all", "--force"));
    },
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  };
}

/** Flags of a daemon that touches neither the machine's network nor another daemon's files. */
export function daemonFlags(root: string): readonly string[] {
  return [
    ...["--iptables=false", "--bridge=none", "--pidfile", join(root, "pid")],
    ...["--data-root", join(root, "data"), "--exec-root", join(root, "exec")],
  ];
}

/** This docker has no OCI archives: its own, compressed, is the same work. */
function savedAndCompressed({ argv, env = {} }: Command, file: string): Command {
  return { argv: ["sh", "-c", '"$@" | gzip >"$0"', file, ...argv], env };
}
