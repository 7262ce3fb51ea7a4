import { join } from "node:path";
import type { BuiltImage } from "../../builder/build.js";
import { BuildError } from "../../error.js";
import {
  toBytePath,
  toText,
  type BytePath,
  type Changeset,
  type Entry,
} from "../../oci/changeset.js";
import { writeLayerTar } from "../../oci/layer-tar.js";
import { formatPlatform, platformOf } from "../../oci/platform.js";
import { removeOthers } from "../../output/remove-others.js";
import { materialize } from "../../snapshotter/materialize.js";
import { readTree } from "../../snapshotter/overlay-changes.js";
import type { OutputSpec } from "../args/output.js";
import { directory, epochOf, plainForm, write, type Exporting } from "./exporting.js";
import type { Session } from "../session.js";
import type { Tree } from "./tree.js";

type TreeOutput = Extract<OutputSpec, { readonly type: "local" | "tar" }>;

/** The finished root filesystems as a directory or a tar (O01 to O05). */
export async function exportTree(output: TreeOutput, exporting: Exporting): Promise<void> {
  const { session, images, attesting } = exporting;
  const split = output.platformSplit ?? exporting.split;
  const trees: Tree[] = [];
  for (const built of images) trees.push(await treeOf(built, output, exporting));
  if (!split) await refuseClashes(trees);
  if (attesting !== undefined) {
    const { withClaims } = await import("./tree-claims.js");
    const isNamed = exporting.split && !split;
    const mtime = epochOf(output, exporting) ?? Math.floor(Date.now() / 1000);
    const form = { prefix: output.attestationPrefix, mtime, isNamed };
    for (const [i, tree] of trees.entries())
      trees[i] = await withClaims(tree, attesting.claims[i] ?? [], form);
  }
  if (output.type === "tar") {
    const whole = split ? apart(trees) : together(trees);
    await write(output.dest, writeLayerTar(whole), session);
  } else if (split) {
    for (const tree of trees) await fill(join(output.dest, tree.name), [tree], { output, session });
  } else await fill(output.dest, trees, { output, session });
}

interface Filling {
  readonly output: Extract<TreeOutput, { readonly type: "local" }>;
  readonly session: Session;
}

async function fill(
  place: string,
  trees: readonly Tree[],
  { output, session }: Filling,
): Promise<void> {
  const dest = await directory(place, session);
  if (output.mode === "delete") await removeOthers(together(trees), dest);
  for (const { read } of trees) await materialize(read(), dest, plainForm(session));
}

async function treeOf(
  { config, state }: BuiltImage,
  output: TreeOutput,
  exporting: Exporting,
): Promise<Tree> {
  const { session } = exporting;
  const root = await session.store.snapshotter.view(await state.chain(session.io.signal));
  const time = epochOf(output, exporting);
  return {
    name: formatPlatform(platformOf(config)).replaceAll("/", "_"),
    read: () => (time === undefined ? readTree(root) : atTime(readTree(root), time)),
  };
}

/** Without directories of their own, no file of a platform may hide another's (O02). */
async function refuseClashes(trees: readonly Tree[]): Promise<void> {
  if (trees.length < 2) return;
  const owners = new Map<BytePath, string>();
  for (const { name, read } of trees) {
    for await (const { path, type } of read()) {
      if (type === "directory") continue;
      const other = owners.get(path);
      if (other !== undefined) throw clash(path, [other, name]);
      owners.set(path, name);
    }
  }
}

function clash(path: BytePath, names: readonly [string, string]): BuildError {
  const [from, by] = names.map((name) => name.replaceAll("_", "/"));
  const why = `cannot overwrite ${toText(path)} from ${from} with ${by} when split option is disabled`;
  const hint = "leave out platform-split=false";
  return new BuildError("OUTPUT", `Cannot write the platforms into one directory: ${why}`, {
    hint,
  });
}

/** As BuildKit does it here: every file gets that time, also an older one. */
async function* atTime(tree: Changeset, mtime: number): AsyncGenerator<Entry> {
  for await (const entry of tree) yield "mtime" in entry ? { ...entry, mtime } : entry;
}

/** Each below a directory of its own. */
async function* apart(trees: readonly Tree[]): AsyncGenerator<Entry> {
  for (const { name, read } of trees) yield* below(name, read());
}

async function* together(trees: readonly Tree[]): AsyncGenerator<Entry> {
  for (const { read } of trees) yield* read();
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
