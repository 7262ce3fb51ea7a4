import { statSync } from "node:fs";
import { resolve } from "node:path";
import { formatReference, parseReference } from "../../oci/reference.js";
import type { OutputSpec } from "../args/output.js";
import type { Io } from "../io.js";
import { nothingMade, namesOf, type BuildSummary, type Exporting } from "./exporting.js";

/** Makes every output that was asked for, one after the other; the first failure ends it (O10). */
export async function exportAll(
  outputs: readonly OutputSpec[],
  exporting: Exporting,
): Promise<BuildSummary> {
  let summary = nothingMade;
  for (const output of outputs) {
    const made = await exportOne(output, exporting);
    summary = {
      config: made.config ?? summary.config,
      manifest: made.manifest ?? summary.manifest,
      names: [...new Set([...summary.names, ...made.names])],
    };
  }
  return summary;
}

/** An output of which something remains. */
type Wanted = Exclude<OutputSpec, { readonly type: "cacheonly" }>;

async function exportOne(output: OutputSpec, exporting: Exporting): Promise<BuildSummary> {
  const { board, session } = exporting;
  if (output.type === "cacheonly") return nothingMade;
  const vertex = board.declare(titleOf(output, exporting));
  const work = (): Promise<BuildSummary> => makeOutput(output, exporting, vertex);
  const made = await board.during(vertex, work, session.io.signal);
  if ("dest" in output) board.traffic({ written: sizeOf(output.dest, session.io) });
  return made;
}

/** Of an archive. */
function sizeOf(dest: string | undefined, { cwd }: Io): number {
  if (dest === undefined || dest === "-") return 0;
  const found = statSync(resolve(cwd, dest), { throwIfNoEntry: false });
  return found?.isFile() === true ? found.size : 0;
}

async function makeOutput(
  output: Wanted,
  exporting: Exporting,
  vertex: number,
): Promise<BuildSummary> {
  switch (output.type) {
    case "image":
      return await (await import("./export-to-store.js")).exportToStore(output, exporting, vertex);
    case "oci":
    case "docker":
      return await (await import("./export-archive.js")).exportArchive(output, exporting, vertex);
    case "tar":
    case "local":
      await (await import("./export-tree.js")).exportTree(output, exporting);
      return nothingMade;
  }
}

function titleOf(output: Wanted, exporting: Exporting): string {
  if (output.type !== "image") return `exporting to ${output.type}`;
  const names = namesOf(output, exporting).map((name) => formatReference(parseReference(name)));
  return [output.push ? "pushing image" : "exporting to image", ...names].join(" ");
}
