import { join } from "node:path";
import type { Builder, BuilderSite } from "../builder.js";
import { runCommand, type Command } from "../command.js";

const program = join(import.meta.dirname, "../../bin/tsbuild");

/** What this repository builds. */
export async function tsbuild({ root }: BuilderSite): Promise<Builder> {
  const command = (...args: readonly string[]): Command => ({
    argv: [program, ...args],
    env: { TSBUILD_ROOT: join(root, "store") },
  });
  const build = (...args: readonly string[]): Command =>
    command("build", "--progress=plain", "--network=host", ...args);
  const { output } = await runCommand(command("version"));
  return {
    name: "tsbuild",
    version: output.trim(),
    build: ({ context, tag }) => build("-t", tag, context),
    buildAndPush: ({ context, tag }) => build("--push", "-t", tag, context),
    exportArchive: ({ context }, file) => build("-o", `type=oci,dest=${file}`, context),
    async forget() {
      const images = (await runCommand(command("images", "-q"))).output.split("\n").filter(Boolean);
      if (images.length > 0) await runCommand(command("rmi", "-f", ...new Set(images)));
      await runCommand(command("prune", "--all"));
    },
    async [Symbol.asyncDispose]() {
      // nothing of it outlives a command
    },
  };
}
