import type { BuiltImage } from "../../builder/build.js";
import { BuildError } from "../../error.js";
import type { Descriptor } from "../../oci/descriptor.js";
import type { ImageConfig } from "../../oci/image.js";
import { formatPlatform, platformOf, type Platform } from "../../oci/platform.js";
import { parseReference } from "../../oci/reference.js";
import { clampConfig, clampLayer, type TimeLimit } from "../../output/clamp-times.js";
import {
  imageSubjects,
  packAttestation,
  statementOf,
  type Statement,
} from "../../output/attestation.js";
import type { NamedLayer } from "../../output/layer-ids.js";
import {
  onlyImage,
  packImage,
  storedConfig,
  type PackedRoot,
  type StoredImage,
} from "../../output/packed-image.js";
import { packIndex, type IndexedImage } from "../../output/packed-index.js";
import { findLayers } from "../../output/stored-image.js";
import { asGzip, type LayerCompression } from "../../store/layer-bytes.js";
import type { LayerRecord } from "../../store/layers.js";
import type { Annotation } from "../args/annotation.js";
import type { ImageForm } from "../args/output.js";
import type { InlineCache } from "./caches.js";
import { epochOf, isIndexed, namesOf, type Exporting } from "./exporting.js";

/** The images of a build as an output wants them: their times, their layers. */
export async function finishImages(
  form: ImageForm,
  exporting: Exporting,
): Promise<readonly StoredImage[]> {
  if (form.rewriteTimestamp === true && epochOf(form, exporting) === undefined) {
    const message = "rewrite-timestamp=true has no effect without SOURCE_DATE_EPOCH";
    exporting.board.warn(undefined, message);
  }
  const images: StoredImage[] = [];
  for (const built of exporting.images) images.push(await finishImage(built, form, exporting));
  return images;
}

async function finishImage(
  built: BuiltImage,
  form: ImageForm,
  exporting: Exporting,
): Promise<StoredImage> {
  const { store, io } = exporting.session;
  await built.state.chain(io.signal); // a base of which no step needed a file may not be here yet
  const epoch = epochOf(form, exporting);
  const layers = await findLayers(store, built.config.rootfs.diff_ids);
  const { inline = (config: ImageConfig) => config } = exporting;
  const stored: ConfigMaker = (...made) => storedConfig(inline(...made));
  if (epoch === undefined) return { config: stored(built.config, layers, built), layers };
  const finished = { layers, inherited: built.state.base.diffIds.length };
  const limit = { epoch, exact: exporting.reproducible };
  const rewrites = form.rewriteTimestamp ?? true;
  const clamped = rewrites ? await clampLayers(finished, limit, exporting) : layers;
  const config = withLayers(clampConfig(built.config, limit, built.inherited), clamped);
  return { config: stored(config, clamped, built), layers: clamped };
}

type ConfigMaker = (...made: Parameters<InlineCache>) => StoredImage["config"];

interface Finished {
  readonly layers: readonly LayerRecord[];
  /** How many of them are a base's. */
  readonly inherited: number;
}

/** Of new layers only: those of the base keep their bytes (T03). */
async function clampLayers(
  { layers, inherited }: Finished,
  limit: TimeLimit,
  { session }: Exporting,
): Promise<readonly LayerRecord[]> {
  const { store, io } = session;
  const clamped = layers.slice(0, inherited);
  for (const layer of layers.slice(inherited)) {
    clamped.push(await clampLayer(store, layer, limit, io.signal));
  }
  return clamped;
}

function withLayers(config: ImageConfig, layers: readonly LayerRecord[]): ImageConfig {
  return { ...config, rootfs: { ...config.rootfs, diff_ids: layers.map(({ diffId }) => diffId) } };
}

/** What is packed for its travels, and the descriptor that leads to it. */
export interface Parcel {
  readonly packed: PackedRoot;
  readonly root: Descriptor;
  /** The only image's, where no index lists it. */
  readonly config: Descriptor | undefined;
}

/** Packs finished images in the form that an output asks for, else with `compression`. */
export async function pack(
  images: readonly StoredImage[],
  form: ImageForm,
  exporting: Exporting,
  compression: LayerCompression = asGzip,
): Promise<Parcel> {
  checkPlatforms(form.annotations, images);
  const children: IndexedImage[] = [];
  for (const image of images) {
    children.push(await packChild(image, { form, exporting, compression }));
  }
  const [only] = children;
  if (only !== undefined && !isIndexed(exporting)) {
    const { image, descriptor } = only;
    return { packed: onlyImage(image), root: descriptor, config: image.config.descriptor };
  }
  children.push(...(await attestationsOf(children, images, { form, exporting, compression })));
  const annotations = textsOf(form.annotations.filter(({ place }) => place === "index"));
  const packed = packIndex(children, { mediaTypes: form.mediaTypes, annotations });
  const own = textsOf(form.annotations.filter(({ place }) => place === "index-descriptor"));
  return { packed, root: withAnnotations(packed.root.descriptor, own), config: undefined };
}

/** What is said of each image, as the index lists it after all of them (A03). */
async function attestationsOf(
  children: readonly IndexedImage[],
  images: readonly StoredImage[],
  { form, exporting }: Packing,
): Promise<readonly IndexedImage[]> {
  const { attesting } = exporting;
  if (attesting === undefined || form.mediaTypes === "docker") return [];
  const names = namesOf(form, exporting).map((name) => parseReference(name));
  const packed: IndexedImage[] = [];
  for (const [i, child] of children.entries()) {
    const [{ descriptor }, claims = [], image] = [child, attesting.claims[i], images[i]];
    if (descriptor.platform === undefined || image === undefined) continue;
    const subjects = imageSubjects(descriptor.digest, names, descriptor.platform);
    const statements: Statement[] = [];
    for (const claim of claims) {
      const { type, withLayers } = claim;
      const predicate =
        (await withLayers?.(namedLayers(child, image, exporting))) ?? claim.predicate;
      statements.push(statementOf({ type, predicate }, subjects));
    }
    const shape = form.ociArtifact ? "artifact" : "image";
    if (statements.length > 0) packed.push(packAttestation(statements, descriptor, shape));
  }
  return packed;
}

/** The layers as this output has them. */
function namedLayers(
  child: IndexedImage,
  image: StoredImage,
  { session }: Exporting,
): readonly NamedLayer[] {
  const { snapshotter } = session.store;
  return child.image.layers.flatMap(({ descriptor }, i) => {
    const record = image.layers[i];
    if (record === undefined) return [];
    return [{ descriptor, changes: () => snapshotter.changes(record.id) }];
  });
}

interface Packing {
  readonly form: ImageForm;
  readonly exporting: Exporting;
  readonly compression: LayerCompression;
}

async function packChild(
  image: StoredImage,
  { form, exporting, compression }: Packing,
): Promise<IndexedImage> {
  const { session } = exporting;
  const platform = platformOf(image.config.value);
  const packed = await packImage(image, session.store.layerBytes, {
    compression: form.compression ?? compression,
    signal: session.io.signal,
    mediaTypes: form.mediaTypes,
    annotations: annotationsOf(form.annotations, "manifest", platform),
  });
  const own = annotationsOf(form.annotations, "manifest-descriptor", platform);
  return {
    image: packed,
    descriptor: { ...withAnnotations(packed.manifest.descriptor, own), platform },
  };
}

type Texts = Readonly<Record<string, string>>;

function withAnnotations(descriptor: Descriptor, annotations: Texts): Descriptor {
  return Object.keys(annotations).length === 0 ? descriptor : { ...descriptor, annotations };
}

function annotationsOf(
  all: readonly Annotation[],
  place: Annotation["place"],
  platform: Platform,
): Texts {
  return textsOf(
    all.filter((one) => one.place === place && (!one.platform || isSame(one.platform, platform))),
  );
}

function textsOf(annotations: readonly Annotation[]): Texts {
  return Object.fromEntries(annotations.map(({ key, value }) => [key, value]));
}

/** An annotation for a platform that is not built would be lost. */
function checkPlatforms(annotations: readonly Annotation[], images: readonly StoredImage[]): void {
  const platforms = images.map(({ config }) => platformOf(config.value));
  for (const { platform: wanted, key } of annotations) {
    if (wanted === undefined || platforms.some((platform) => isSame(wanted, platform))) continue;
    const built = platforms.map(formatPlatform).join(" and ");
    const message = `Cannot annotate "${key}" for ${formatPlatform(wanted)}: the image is for ${built}`;
    throw new BuildError("USAGE", message);
  }
}

function isSame(a: Platform, b: Platform): boolean {
  return formatPlatform(a) === formatPlatform(b);
}
