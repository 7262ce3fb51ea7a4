import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asAccount, giveTo } from "../account.js";
import type { Builder, BuilderSite } from "../builder.js";
import { runCommand, type Command } from "../command.js";

const program = join(import.meta.dirname, "../../bin/tsbuild");

/** What this repository builds. */
export async function tsbuild(site: BuilderSite): Promise<Builder> {
  return await openTsbuild("tsbuild", site);
}

/**
 * The same where no history of builds can be kept, which "tsbuild explain" tells from: what stands in its place
 * is not a directory.
 */
export async function tsbuildForgetful(site: BuilderSite): Promise<Builder> {
  const store = join(site.root, "store");
  mkdirSync(store);
  await giveTo(site.account, store);
  writeFileSync(join(store, "builds"), "");
  return await openTsbuild("tsbuild-forgetful", site);
}

async function openTsbuild(name: string, { root, account }: BuilderSite): Promise<Builder> {
  const command = (...args: readonly string[]): Command =>
    asAccount(account, root, {
      argv: [program, ...args],
      env: { TSBUILD_ROOT: join(root, "store") },
    });
  const build = (...args: readonly string[]): Command =>
    command("build", "--progress=plain", "--network=host", ...args);
  const { output } = await runCommand(command("version"));
  return {
    name,
    version: output.trim(),
    build: ({ context, tag }) => build("-t", tag, context),
    buildAndPush: ({ context, tag }) => build("--push", "-t", tag, context),
    exportArchive: ({ context }, file) => build("-o", `type=oci,dest=${file}`, context),
    pull: (image) => command("pull", "--quiet", image),
    prepare: ({ context, tag }) => build("-t", tag, context),
    push: (tag) => command("push", "--quiet", tag),
    farCache: {
      fill: ({ context, tag }, ref) =>
        build("-t", tag, "--cache-to", `type=registry,ref=${ref}:cache,mode=max`, context),
      use: ({ context, tag }, ref) =>
        build("-t", tag, "--cache-from", `type=registry,ref=${ref}:cache`, context),
    },
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
