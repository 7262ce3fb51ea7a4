import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import type { Board } from "../../builder/board.js";
import type { BuiltImage } from "../../builder/build.js";
import { BuildError } from "../../error.js";
import type { Descriptor } from "../../oci/descriptor.js";
import { formatReference, parseReference, type Reference } from "../../oci/reference.js";
import { writeLayerTar } from "../../oci/layer-tar.js";
import { writeTo } from "../../output/destination.js";
import { writeImageArchive, archiveEntries } from "../../output/image-archive.js";
import { packImage, storedConfig, type StoredImage } from "../../output/packed-image.js";
import { pushImage } from "../../output/push-image.js";
import { findLayers } from "../../output/stored-image.js";
import { materialize } from "../../snapshotter/materialize.js";
import { readTree } from "../../snapshotter/overlay-changes.js";
import { asGzip } from "../../store/layer-bytes.js";
import type { OutputSpec } from "../args/output.js";
import { layerProgress } from "../commands/layer-progress.js";
import type { Session } from "../session.js";

/** What a build gave, for --iidfile, --metadata-file and -q. */
export interface BuildSummary {
  /** The config: the image id. Undefined when no image was made. */
  readonly config: Descriptor | undefined;
  /** The manifest, where an output needed one. */
  readonly manifest: Descriptor | undefined;
  readonly names: readonly string[];
}

/** A finished build on its way out. */
export interface Exporting {
  readonly session: Session;
  readonly board: Board;
  readonly built: BuiltImage;
  readonly tags: readonly string[];
}

/** Makes every output that was asked for, one after the other; the first failure ends it. */
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
      names: [...summary.names, ...made.names],
    };
  }
  return summary;
}

const nothingMade: BuildSummary = { config: undefined, manifest: undefined, names: [] };

/** An output of which something remains. */
type Wanted = Exclude<OutputSpec, { readonly type: "cacheonly" }>;

async function exportOne(output: OutputSpec, exporting: Exporting): Promise<BuildSummary> {
  const { board, session } = exporting;
  if (output.type === "cacheonly") return nothingMade;
  const vertex = board.declare(titleOf(output, exporting));
  const work = (): Promise<BuildSummary> => makeOutput(output, exporting, vertex);
  return await board.during(vertex, work, session.io.signal);
}

async function makeOutput(
  output: Wanted,
  exporting: Exporting,
  vertex: number,
): Promise<BuildSummary> {
  switch (output.type) {
    case "image":
      return await exportImage(output, exporting, vertex);
    case "oci":
    case "docker":
      return await exportArchive(output, exporting);
    case "tar":
      await write(output.dest, writeLayerTar(readTree(await rootOf(exporting))), exporting.session);
      return nothingMade;
    case "local": {
      const { session } = exporting;
      const dest = await directory(output.dest, session);
      await materialize(readTree(await rootOf(exporting)), dest, plainForm(session));
      return nothingMade;
    }
  }
}

/** The finished root filesystem, as a directory of this machine. */
async function rootOf({ built, session }: Exporting): Promise<string> {
  return await session.store.snapshotter.view(await built.state.chain(session.io.signal));
}

function titleOf(output: Wanted, exporting: Exporting): string {
  if (output.type !== "image") return `exporting to ${output.type}`;
  const names = namesOf(output, exporting).map((name) => formatReference(parseReference(name)));
  return [output.push ? "pushing image" : "exporting to image", ...names].join(" ");
}

/** The names that an output gives the image: its own, else the tags. */
function namesOf(
  output: { readonly names: readonly string[] },
  { tags }: Exporting,
): readonly string[] {
  return output.names.length > 0 ? output.names : tags;
}

/** Into the store under its names; with `push`, into the registries of those names too. */
async function exportImage(
  output: Extract<OutputSpec, { readonly type: "image" }>,
  exporting: Exporting,
  vertex: number,
): Promise<BuildSummary> {
  const { session, board, built } = exporting;
  const { store, io } = session;
  const names = namesOf(output, exporting);
  if (output.push && names.length === 0) {
    throw new BuildError("USAGE", "Cannot push: the image has no name", {
      hint: "give it one with --tag",
    });
  }
  const image = await storedImage(built, session);
  const { descriptor, bytes } = image.config;
  await store.blobs.writeWhole(bytes);
  await store.images.put({ id: descriptor.digest, createdAt: Date.now() }, names);
  if (!output.push) return { config: descriptor, manifest: undefined, names };
  const { signal } = io;
  const packed = await packImage(image, store.layerBytes, { compression: asGzip, signal });
  const options = {
    target: await session.registry(),
    progress: layerProgress(board, vertex),
    signal,
  };
  for (const name of names) await pushImage(packed, parseReference(name), options);
  return { config: descriptor, manifest: packed.manifest.descriptor, names };
}

/** As an OCI or docker archive: a file, standard output, or an OCI layout directory. */
async function exportArchive(
  output: Extract<OutputSpec, { readonly type: "docker" | "oci" }>,
  exporting: Exporting,
): Promise<BuildSummary> {
  const { session, built } = exporting;
  const { signal } = session.io;
  const image = await storedImage(built, session);
  const names = namesOf(output, exporting);
  const packed = await packImage(image, session.store.layerBytes, { compression: asGzip, signal });
  const named = [{ image: packed, names: names.map(withTag) }];
  if (output.type === "oci" && !output.tar) {
    const dest = await directory(output.dest, session);
    await materialize(archiveEntries(named, "oci"), dest, plainForm(session));
  } else {
    await write(output.dest, writeImageArchive(named, output.type), session);
  }
  return { config: packed.config.descriptor, manifest: packed.manifest.descriptor, names };
}

/** For people: no owners, no overlay marks. */
function plainForm({ namespace }: Session): { plain: true; userNamespace: boolean } {
  return { plain: true, userNamespace: namespace.user };
}

async function storedImage(
  { config, state }: BuiltImage,
  { io, store }: Session,
): Promise<StoredImage> {
  await state.chain(io.signal); // a base of which no step needed a file may not be here yet
  return { config: storedConfig(config), layers: await findLayers(store, config.rootfs.diff_ids) };
}

function withTag(name: string): Reference {
  const reference = parseReference(name);
  return reference.tag === undefined ? { ...reference, tag: "latest" } : reference;
}

async function write(
  dest: string,
  bytes: AsyncIterable<Uint8Array>,
  { io }: Session,
): Promise<void> {
  const path = dest === "-" ? dest : resolve(io.cwd, dest);
  await writeTo(path, bytes, { stream: io.out, isTerminal: io.terminal.out }, io.signal);
}

async function directory(dest: string, { io }: Session): Promise<string> {
  const path = resolve(io.cwd, dest);
  await mkdir(path, { recursive: true });
  return path;
}
