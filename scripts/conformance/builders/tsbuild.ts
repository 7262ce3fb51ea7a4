import { join } from "node:path";
import { runCommand } from "../../../bench/command.js";
import { everything } from "../render.js";
import { runBuildx } from "../run-build.js";
import type { CaseBuilder, CaseSite } from "./builder.js";

const program = join(import.meta.dirname, "../../../bin/tsbuild");

/** What this repository builds, with a store of its own. */
export async function tsbuild({ root, busybox }: CaseSite): Promise<CaseBuilder> {
  const env = { TSBUILD_ROOT: join(root, "store") };
  await runCommand({ argv: [program, "load", "-q", "-i", busybox], env });
  const { output } = await runCommand({ argv: [program, "version"], env });
  return {
    name: "tsbuild",
    version: output.trim(),
    view: everything,
    build: (job) => runBuildx({ argv: [program, "build"], env }, job),
    async [Symbol.asyncDispose]() {
      // nothing of it outlives a command
    },
  };
}
