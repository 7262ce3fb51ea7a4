import { join } from "node:path";
import { toBytePath, type BytePath, type Changeset, type Entry } from "../../oci/changeset.js";
import { writeLayerTar } from "../../oci/layer-tar.js";
import { formatPlatform } from "../../oci/platform.js";
import { removeOthers } from "../../output/remove-others.js";
import { materialize } from "../../snapshotter/materialize.js";
import { readTree } from "../../snapshotter/overlay-changes.js";
import type { OutputSpec } from "../args/output.js";
import { directory, epochOf, plainForm, write, type Exporting } from "./exporting.js";

type TreeOutput = Extract<OutputSpec, { readonly type: "local" | "tar" }>;

/** The finished root filesystem as a directory or a tar (O01 to O05). */
export async function exportTree(output: TreeOutput, exporting: Exporting): Promise<void> {
  const { session } = exporting;
  const tree = await treeOf(output, exporting);
  const name = output.platformSplit ? platformDirectory(exporting) : undefined;
  if (output.type === "tar") {
    await write(
      output.dest,
      writeLayerTar(name === undefined ? tree() : below(name, tree())),
      session,
    );
    return;
  }
  const dest = await directory(join(output.dest, name ?? ""), session);
  if (output.mode === "delete") await removeOthers(tree(), dest);
  await materialize(tree(), dest, plainForm(session));
}

/** Each call reads it from the start. */
async function treeOf(output: TreeOutput, exporting: Exporting) {
  const { built, session } = exporting;
  const chain = await built.state.chain(session.io.signal);
  const root = await session.store.snapshotter.view(chain);
  const time = epochOf(output, exporting);
  return (): AsyncGenerator<Entry> =>
    time === undefined ? readTree(root) : atTime(readTree(root), time);
}

/** As BuildKit does it here: every file gets that time, also an older one. */
async function* atTime(tree: Changeset, mtime: number): AsyncGenerator<Entry> {
  for await (const entry of tree) yield "mtime" in entry ? { ...entry, mtime } : entry;
}

/** "linux_arm_v7", as BuildKit names it. */
function platformDirectory({ built: { config } }: Exporting): string {
  const { os, architecture, variant } = config;
  const platform = { os, architecture, ...(variant === undefined ? {} : { variant }) };
  return formatPlatform(platform).replaceAll("/", "_");
}

async function* below(name: string, tree: Changeset): AsyncGenerator<Entry> {
  const top = toBytePath(name);
  yield { type: "directory", path: top, mode: 0o755, uid: 0, gid: 0, mtime: 0 };
  for await (const entry of tree) {
    const path = `${top}/${entry.path}` as BytePath;
    if (entry.type !== "hardlink") yield { ...entry, path };
    else yield { ...entry, path, target: `${top}/${entry.target}` as BytePath };
  }
}
