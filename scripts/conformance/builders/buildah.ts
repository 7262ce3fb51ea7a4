import { startBuildah } from "../../../bench/builders/buildah.js";
import { runCommand } from "../../../bench/command.js";
import type { Image, Outcome } from "../outcome.js";
import { readImage } from "../read-image.js";
import type { View } from "../render.js";
import { asks, runBuilder, type Job } from "../run-build.js";
import type { CaseBuilder, CaseSite } from "./builder.js";

/** Its history has texts of its own, and OCI images of it lack what only docker's format has. */
const view: View = {
  history: false,
  warnings: false,
  times: false,
  without: ["ArgsEscaped", "Healthcheck", "OnBuild", "Shell"],
};

/** Buildah, as a second opinion on files and config. */
export async function buildah({ root, busybox }: CaseSite): Promise<CaseBuilder> {
  const { version, command, ...disposable } = await startBuildah({ root });
  await runCommand(command("pull", "-q", `docker-archive:${busybox}`));
  return {
    name: "buildah",
    version,
    view,
    build: (job) => build(command, job),
    ...disposable,
  };
}

async function build(
  command: (...args: readonly string[]) => { readonly argv: readonly string[] },
  job: Job,
): Promise<Outcome> {
  const tag = `conformance/${job.item.name}`;
  const flags = [
    "build",
    "--layers",
    "--identity-label=false",
    "--pull=never",
    "--network=host",
    "--runtime=runc",
    "-t",
    tag,
  ];
  const { argv } = command(...flags);
  const { code, stdout, stderr } = await runBuilder({ argv, env: {} }, job);
  if (asks(job.item)) return { kind: "text", code, text: stdout };
  if (code !== 0) return { kind: "failed", message: stderr };
  await runCommand(command("push", "-q", "--format=oci", tag, `oci-archive:${job.archive}`));
  return { kind: "image", image: withRoot(await readImage(job.archive)), warnings: [] };
}

/** It leaves out the working directory of an image that names none. */
function withRoot({ json, tree }: Image): Image {
  return { json: { ...json, config: { WorkingDir: "/", ...json.config } }, tree };
}
