import { rmSync } from "node:fs";
import { join } from "node:path";
import type { BuilderSite, Carrier } from "../builder.js";
import { runCommand, type Command } from "../command.js";
import { installed } from "./installed.js";

/**
 * Skopeo, which only carries: what it pulls into an image layout stays compressed and is not unpacked, and
 * what it pushes from there was compressed before.
 */
export async function skopeo({ root }: BuilderSite): Promise<Carrier> {
  const program = await installed("/usr/bin/skopeo");
  const copy = (from: string, to: string): Command => ({
    argv: [program, "--insecure-policy", "copy", "--quiet", ...withoutTls, from, to],
  });
  const layout = join(root, "layout");
  const { output } = await runCommand({ argv: [program, "--version"] });
  return {
    name: "skopeo",
    version: output.trim(),
    pull: (image) => copy(`docker://${image}`, `oci:${layout}:pulled`),
    prepare: ({ base }) => copy(`docker://${base}`, `oci:${layout}:prepared`),
    push: (tag) => copy(`oci:${layout}:prepared`, `docker://${tag}`),
    forget() {
      rmSync(layout, { recursive: true, force: true });
      return Promise.resolve();
    },
    async [Symbol.asyncDispose]() {
      // nothing of it outlives a command
    },
  };
}

const withoutTls = ["--src-tls-verify=false", "--dest-tls-verify=false"];
