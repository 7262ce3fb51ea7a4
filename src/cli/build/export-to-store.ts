import type { Descriptor } from "../../oci/descriptor.js";
import { formatReference, parseReference, type Reference } from "../../oci/reference.js";
import type { PackedRoot, StoredImage } from "../../output/packed-image.js";
import { pushImage } from "../../output/push-image.js";
import { keepDocuments } from "../../output/stored-image.js";
import type { RegistryClient } from "../../registry/registry-client.js";
import type { ImageTarget } from "../args/output.js";
import { layerProgress } from "../commands/layer-progress.js";
import { openRegistry } from "../session.js";
import { finishImages, pack, type Parcel } from "./export-image.js";
import { isIndexed, namesOf, type BuildSummary, type Exporting } from "./exporting.js";

/** Into the store under its names; with `push`, into the registries of those names too (O08). */
export async function exportToStore(
  output: ImageTarget,
  exporting: Exporting,
  vertex: number,
): Promise<BuildSummary> {
  const images = await finishImages(output, exporting);
  const given = namesOf(output, exporting);
  const isPacked = isIndexed(exporting) || needsManifest(output, given);
  const parcel = isPacked ? await pack(images, output, exporting) : undefined;
  const manifest = parcel?.packed.root.descriptor;
  const names = manifest === undefined ? given : allNames(given, output, manifest);
  if (output.store) await keep({ images, parcel, output, names }, exporting);
  if (output.push && parcel !== undefined) {
    await push(parcel.packed, { output, names: given, exporting, vertex });
  }
  const config = isIndexed(exporting) ? undefined : images[0]?.config.descriptor;
  return { config, manifest, names };
}

interface Kept {
  readonly images: readonly StoredImage[];
  readonly parcel: Parcel | undefined;
  readonly output: ImageTarget;
  readonly names: readonly string[];
}

async function keep({ images, parcel, output, names }: Kept, exporting: Exporting): Promise<void> {
  const { store } = exporting.session;
  for (const { config } of images) await store.blobs.writeWhole(config.bytes);
  const kept = isIndexed(exporting) || hasOwnForm(output) ? parcel?.packed : undefined;
  if (kept !== undefined) await keepDocuments(kept, store);
  const id = isIndexed(exporting) ? kept?.root.descriptor : images[0]?.config.descriptor;
  if (id === undefined) throw new Error("a build makes at least one image");
  const manifest = kept?.root.descriptor;
  const record = { id: id.digest, createdAt: Date.now(), manifest, built: true };
  await store.images.put(record, names);
}

/** A manifest costs the compression of every layer: made only where somebody sees it. */
function needsManifest(output: ImageTarget, names: readonly string[]): boolean {
  const dangling = output.danglingPrefix !== undefined && names.length === 0;
  return output.push || output.nameCanonical || dangling || hasOwnForm(output);
}

/** Whether a later `tsbuild push` would write another manifest than the one asked for. */
function hasOwnForm({ compression, mediaTypes, annotations }: ImageTarget): boolean {
  return compression !== undefined || mediaTypes !== "oci" || annotations.length > 0;
}

function allNames(
  names: readonly string[],
  { nameCanonical, danglingPrefix }: ImageTarget,
  { digest }: Descriptor,
): readonly string[] {
  if (names.length === 0)
    return danglingPrefix === undefined ? [] : [`${danglingPrefix}@${digest}`];
  if (!nameCanonical) return names;
  return [...names, ...names.map((name) => formatReference(canonical(name, digest)))];
}

function canonical(name: string, digest: Descriptor["digest"]): Reference {
  const { registry, repository } = parseReference(name);
  return { registry, repository, digest };
}

interface Push {
  readonly output: ImageTarget;
  readonly names: readonly string[];
  readonly exporting: Exporting;
  readonly vertex: number;
}

async function push(packed: PackedRoot, { output, names, exporting, vertex }: Push): Promise<void> {
  const { session, board } = exporting;
  const { digest } = packed.root.descriptor;
  const references = names.map((name) =>
    output.pushByDigest ? canonical(name, digest) : parseReference(name),
  );
  const pushAll = async (target: RegistryClient): Promise<void> => {
    const { blobSources: sources } = session.store;
    const progress = layerProgress(board, vertex);
    const options = { target, sources, progress, signal: session.io.signal };
    for (const reference of references) await pushImage(packed, reference, options);
  };
  if (!output.insecure) {
    await pushAll(await session.registry());
    return;
  }
  const hosts = references.map(({ registry }) => registry);
  await using target = await openRegistry(session.io.env, hosts);
  await pushAll(target);
}
