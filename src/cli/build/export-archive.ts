import { archiveEntries, writeImageArchive } from "../../output/image-archive.js";
import { parseReference } from "../../oci/reference.js";
import { mergeLayoutIndex } from "../../output/merge-layout-index.js";
import { materialize } from "../../snapshotter/materialize.js";
import type { OutputSpec } from "../args/output.js";
import { finishImages, pack } from "./export-image.js";
import {
  directory,
  namesOf,
  plainForm,
  write,
  type BuildSummary,
  type Exporting,
} from "./exporting.js";

type ArchiveOutput = Extract<OutputSpec, { readonly type: "docker" | "oci" }>;

/** An OCI or docker archive: a file, standard output, a layout directory, or into an engine. */
export async function exportArchive(
  output: ArchiveOutput,
  exporting: Exporting,
  vertex: number,
): Promise<BuildSummary> {
  const { session } = exporting;
  if (output.type === "docker" && output.dest === undefined) {
    const { exportToEngine } = await import("./export-to-engine.js");
    return await exportToEngine(output, exporting, vertex);
  }
  const names = namesOf(output, exporting);
  const images = await finishImages(output, exporting);
  const { packed, root, config } = await pack(images, output, exporting);
  const references = names.map((name) => parseReference(name));
  const named = [{ packed, descriptor: root, names: references }];
  const { dest = "-" } = output;
  if (output.type === "oci" && !output.tar) {
    const path = await directory(dest, session);
    const entries = mergeLayoutIndex(archiveEntries(named, "oci"), path);
    await materialize(entries, path, plainForm(session));
  } else {
    await write(dest, writeImageArchive(named, output.type), session);
  }
  return { config, manifest: packed.root.descriptor, names };
}
