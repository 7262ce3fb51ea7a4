import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Builder, BuilderSite } from "../builder.js";
import { runCommand, type Command } from "../command.js";
import { installed, needRoot } from "./installed.js";

/** Buildah with its layer cache on, which is off by default. */
export async function buildah({ root }: BuilderSite): Promise<Builder> {
  needRoot("buildah");
  const program = await installed("/usr/bin/buildah");
  const command = (...args: readonly string[]): Command => ({
    argv: [
      ...[program, "--root", join(root, "storage"), "--runroot", join(root, "run")],
      ...["--storage-driver", "overlay", ...args],
    ],
  });
  const jobs = `--jobs=${availableParallelism()}`;
  const { output } = await runCommand(command("--version"));
  return {
    name: "buildah",
    version: output.trim(),
    build: ({ context, tag }) =>
      command(
        ...["build", "--layers", jobs, "--network=host", "--tls-verify=false"],
        ...["--runtime=runc", "-t", tag, context], // crun of Debian 12 refuses mixed cgroups
      ),
    exportArchive: ({ tag }, file) => command("push", "--format=oci", tag, `oci-archive:${file}`),
    async forget() {
      await runCommand(command("rmi", "--all", "--force"));
    },
    async [Symbol.asyncDispose]() {
      const unmount = '! mountpoint -q "$0" || umount "$0"'; // it may leave that
      await runCommand({ argv: ["sh", "-c", unmount, join(root, "storage/overlay")] });
    },
  };
}
