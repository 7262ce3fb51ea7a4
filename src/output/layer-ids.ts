import { posix } from "node:path";
import { toText, type Changeset } from "../oci/changeset.js";
import type { Descriptor } from "../oci/descriptor.js";
import type { Digest } from "../oci/digest.js";
import { isObject } from "../oci/json-shape.js";

/** A layer of an image as a manifest names it, with what is in it. */
export interface NamedLayer {
  readonly descriptor: Descriptor;
  readonly changes: () => Changeset;
}

/**
 * Says of each file that an SPDX document lists which layer it is from, where nothing else is said of it,
 * and who says so (BuildKit, sbom.md, "Output").
 */
export async function withLayerIds(
  document: Readonly<Record<string, unknown>>,
  layers: readonly NamedLayer[],
  tool: string,
): Promise<object> {
  const files = listOf(document["files"]);
  const comments = await layersOf(files.flatMap(pathOf), layers);
  const info = isObject(document["creationInfo"]) ? document["creationInfo"] : {};
  return {
    ...document,
    creationInfo: { ...info, creators: [...listOf(info["creators"]), `Tool: ${tool}`] },
    ...(files.length === 0 ? {} : { files: files.map((file) => commented(file, comments)) }),
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function commented(file: unknown, comments: ReadonlyMap<string, Digest>): unknown {
  const [path = ""] = pathOf(file);
  const digest = comments.get(path);
  return isObject(file) && digest !== undefined ? { ...file, comment: `layerID: ${digest}` } : file;
}

/** The path of a file of which nothing is said yet. */
function pathOf(file: unknown): readonly string[] {
  if (!isObject(file) || typeof file["fileName"] !== "string" || file["comment"]) return [];
  return [posix.resolve("/", file["fileName"])];
}

/** Of a path in several layers the upmost one counts. */
async function layersOf(
  paths: readonly string[],
  layers: readonly NamedLayer[],
): Promise<ReadonlyMap<string, Digest>> {
  const wanted = new Set(paths);
  const found = new Map<string, Digest>();
  for (const { descriptor, changes } of layers.toReversed()) {
    if (wanted.size === 0) break;
    for await (const { path, type } of changes()) {
      if (type === "whiteout" || type === "opaque") continue;
      const name = `/${toText(path)}`;
      if (wanted.delete(name)) found.set(name, descriptor.digest);
    }
  }
  return found;
}
