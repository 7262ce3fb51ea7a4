import { availableParallelism } from "node:os";
import { join } from "node:path";
import { asAccount } from "../account.js";
import type { Builder, BuilderSite, BuildJob } from "../builder.js";
import { inTurn, runCommand, type Command } from "../command.js";
import { installed, needRoot } from "./installed.js";

/** A buildah with a storage of its own. */
export interface Buildah extends AsyncDisposable {
  readonly version: string;
  readonly command: (...args: readonly string[]) => Command;
}

/** Finds buildah, and gives it a storage below `root`. */
export async function startBuildah({ root, account }: BuilderSite): Promise<Buildah> {
  needRoot("buildah");
  const program = await installed("/usr/bin/buildah");
  const command = (...args: readonly string[]): Command =>
    asAccount(account, root, {
      argv: [
        ...[program, "--root", join(root, "storage"), "--runroot", join(root, "run")],
        ...["--storage-driver", "overlay", ...args],
      ],
    });
  const { output } = await runCommand(command("--version"));
  return {
    version: output.trim(),
    command,
    async [Symbol.asyncDispose]() {
      const unmount = '! mountpoint -q "$0" || umount --recursive --lazy "$0"'; // it may leave that
      await runCommand({ argv: ["sh", "-c", unmount, join(root, "storage/overlay")] });
    },
  };
}

/** Buildah with its layer cache on, which is off by default. */
export async function buildah(site: BuilderSite): Promise<Builder> {
  const started = await startBuildah(site);
  const { version, command } = started;
  const jobs = `--jobs=${availableParallelism()}`;
  const build = ({ context, tag }: BuildJob): Command =>
    command(
      ...["build", "--layers", jobs, "--network=host", "--tls-verify=false"],
      ...["--runtime=runc", "-t", tag, context], // crun of Debian 12 refuses mixed cgroups
    );
  return {
    name: "buildah",
    version,
    build,
    buildAndPush: (job) => inTurn(build(job), command("push", "--tls-verify=false", job.tag)),
    exportArchive: ({ tag }, file) => command("push", "--format=oci", tag, `oci-archive:${file}`),
    pull: (image) => command("pull", "--quiet", "--tls-verify=false", image),
    prepare: build,
    push: (tag) => command("push", "--quiet", "--tls-verify=false", tag),
    farCache: {
      fill: (job, repository) => withFlag(build(job), `--cache-to=${repository}`),
      use: (job, repository) => withFlag(build(job), `--cache-from=${repository}`),
    },
    async forget() {
      await runCommand(command("rmi", "--all", "--force"));
    },
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

/** Before the context, which is the last word. */
function withFlag({ argv, env = {} }: Command, flag: string): Command {
  return { argv: [...argv.slice(0, -1), flag, ...argv.slice(-1)], env };
}
