import type { BuiltImage } from "../../builder/build.js";
import { fileTreeRootfs } from "../../context/file-tree-rootfs.js";
import { BuildError, locate } from "../../error.js";
import { toBytePath, toText, type BytePath, type FileEntry } from "../../oci/changeset.js";
import { readContent } from "../../oci/content.js";
import { isObject, parseJson } from "../../oci/json-shape.js";
import type { Claim } from "../../output/attestation.js";
import { withLayerIds } from "../../output/layer-ids.js";
import { findNamedContext } from "../../plan/named-context.js";
import { scanCore, scanResults, withScans } from "../../plan/scan-stages.js";
import type { SbomSpec } from "../args/attest.js";
import { version } from "../version.js";
import type { Building } from "./engine.js";
import type { ImageClaim } from "./exporting.js";
import { planOptions, resolveImage, type ResolvedPlan, type Resolving } from "./plan.js";

/** What finding a scanner needs. */
export interface Scanning {
  readonly building: Building;
  readonly resolving: Resolving;
}

/** Finds the scanner as base images are found, and adds to a plan the steps that run it (A02). */
export async function addScans(
  { generator, parameters }: SbomSpec,
  { plan, images }: ResolvedPlan,
  { building, resolving }: Scanning,
): Promise<ResolvedPlan> {
  const { command, session } = building;
  const { buildPlatform: platform, namedContexts } = planOptions(command, session.io);
  const flag = { source: { name: "--sbom", text: generator }, start: 0, end: generator.length };
  const context = findNamedContext(generator, platform, namedContexts)?.context;
  if (context?.kind === "directory") {
    throw new BuildError("USAGE", `Cannot scan with "${generator}": the context is not an image`, {
      hint: "it may be docker-image://… or oci-layout://…",
    });
  }
  const request = { reference: context?.reference ?? generator, platform, at: flag };
  const image = await resolveImage(request, resolving);
  const { Entrypoint, Cmd } = image.config.config ?? {};
  if (!Entrypoint?.length && !Cmd?.length) {
    const message = `Cannot scan with "${generator}": the image says nothing of what to run`;
    throw locate(new BuildError("INVALID_IMAGE", message), flag);
  }
  const { network } = command;
  const scanner = { image: { ...request, config: image.config }, parameters, network };
  return { plan: withScans(plan, scanner), images: [...images, image] };
}

/** What the scanners found, of each image in their order; what is about the image itself comes first. */
export async function readScans(
  scans: readonly BuiltImage[],
  { generator }: SbomSpec,
  { board, session }: Building,
): Promise<readonly (readonly ImageClaim[])[]> {
  const { snapshotter } = session.store;
  const found: ImageClaim[][] = [];
  for (const { state } of scans) {
    const files = await snapshotter.files(await state.chain(session.io.signal));
    const directory = fileTreeRootfs(files).resolve(toBytePath(scanResults.slice(1)));
    const claims: ImageClaim[] = [];
    for (const name of files.names(directory)) {
      const entry = files.lstat(`${directory}/${name}` as BytePath)?.entry;
      if (entry?.type === "file") claims.push(await readScan(name, entry, generator));
    }
    if (claims.length === 0) board.warn(undefined, `the scanner "${generator}" wrote no SBOM`);
    found.push(claims.toSorted((a, b) => Number(isCore(b)) - Number(isCore(a))));
  }
  return found;
}

function isCore({ filename = "" }: ImageClaim): boolean {
  return filename.split(".")[0] === scanCore;
}

/** In bytes, as in BuildKit. */
const limit = 80 * 1024 * 1024;
const spdx = "https://spdx.dev/Document";
/** What else a scanner may write. */
const cycloneDx = "https://cyclonedx.org/bom";

async function readScan(name: BytePath, entry: FileEntry, generator: string): Promise<ImageClaim> {
  const filename = toText(name);
  const refuse = (why: string): BuildError => {
    const message = `Cannot use "${filename}" of the scanner "${generator}": ${why}`;
    return new BuildError("OUTPUT", message);
  };
  if (entry.size > limit) throw refuse(`it has ${entry.size} bytes`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of readContent(entry)) chunks.push(chunk);
  const claim = claimOf(parseJson(Buffer.concat(chunks), `"${filename}" of the scanner`));
  if (claim === undefined) throw refuse("it is neither SPDX nor a statement with SPDX in it");
  const { type, predicate } = claim;
  if (type !== spdx && type !== cycloneDx) throw refuse(`its predicate is of type "${type}"`);
  if (type !== spdx || !isCore({ ...claim, filename })) return { ...claim, filename };
  const withLayers: ImageClaim["withLayers"] = (layers) =>
    withLayerIds({ ...predicate }, layers, `tsbuild-${version}`);
  return { ...claim, filename, withLayers };
}

/** Scanners write statements of in-toto; BuildKit's protocol only asks for the documents in them. */
function claimOf(value: unknown): Claim | undefined {
  if (!isObject(value)) return undefined;
  const { predicateType: type, predicate } = value;
  if (typeof type === "string") return isObject(predicate) ? { type, predicate } : undefined;
  return typeof value["spdxVersion"] === "string" ? { type: spdx, predicate: value } : undefined;
}
