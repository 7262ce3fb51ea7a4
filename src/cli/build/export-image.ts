import { BuildError } from "../../error.js";
import type { Descriptor } from "../../oci/descriptor.js";
import type { ImageConfig } from "../../oci/image.js";
import { formatPlatform, normalizePlatform, type Platform } from "../../oci/platform.js";
import { clampConfig, clampLayer, type TimeLimit } from "../../output/clamp-times.js";
import { packImage, storedConfig } from "../../output/packed-image.js";
import type { PackedImage, StoredImage } from "../../output/packed-image.js";
import { findLayers } from "../../output/stored-image.js";
import { asGzip, type LayerCompression } from "../../store/layer-bytes.js";
import type { LayerRecord } from "../../store/layers.js";
import type { Annotation } from "../args/annotation.js";
import type { ImageForm } from "../args/output.js";
import { epochOf, type Exporting } from "./exporting.js";

/** The image of a build as an output wants it: its times, its layers. */
export async function finishImage(form: ImageForm, exporting: Exporting): Promise<StoredImage> {
  const { built, session, board } = exporting;
  const { store, io } = session;
  await built.state.chain(io.signal); // a base of which no step needed a file may not be here yet
  const epoch = epochOf(form, exporting);
  const layers = await findLayers(store, built.config.rootfs.diff_ids);
  if (epoch === undefined) {
    if (form.rewriteTimestamp === true) {
      board.warn(undefined, "rewrite-timestamp=true has no effect without SOURCE_DATE_EPOCH");
    }
    return { config: storedConfig(built.config), layers };
  }
  const limit = { epoch, exact: exporting.reproducible };
  const rewrites = form.rewriteTimestamp ?? true;
  const clamped = rewrites ? await clampLayers(layers, limit, exporting) : layers;
  const config = withLayers(clampConfig(built.config, limit, built.inherited), clamped);
  return { config: storedConfig(config), layers: clamped };
}

/** Of new layers only: those of the base keep their bytes (T03). */
async function clampLayers(
  layers: readonly LayerRecord[],
  limit: TimeLimit,
  { built, session }: Exporting,
): Promise<readonly LayerRecord[]> {
  const { store, io } = session;
  const inherited = built.state.base.diffIds.length;
  const clamped = layers.slice(0, inherited);
  for (const layer of layers.slice(inherited)) {
    clamped.push(await clampLayer(store, layer, limit, io.signal));
  }
  return clamped;
}

function withLayers(config: ImageConfig, layers: readonly LayerRecord[]): ImageConfig {
  return { ...config, rootfs: { ...config.rootfs, diff_ids: layers.map(({ diffId }) => diffId) } };
}

/** An image packed for its travels, and the descriptor that leads to it. */
export interface Parcel {
  readonly image: PackedImage;
  readonly root: Descriptor;
}

/** Packs a finished image in the form that an output asks for, else with `compression`. */
export async function pack(
  image: StoredImage,
  form: ImageForm,
  { session }: Exporting,
  compression: LayerCompression = asGzip,
): Promise<Parcel> {
  const platform = platformOf(image.config.value);
  const packed = await packImage(image, session.store.layerBytes, {
    compression: form.compression ?? compression,
    signal: session.io.signal,
    mediaTypes: form.mediaTypes,
    annotations: annotationsOf(form.annotations, "manifest", platform),
  });
  const own = annotationsOf(form.annotations, "manifest-descriptor", platform);
  const annotations = Object.keys(own).length === 0 ? {} : { annotations: own };
  return { image: packed, root: { ...packed.manifest.descriptor, ...annotations, platform } };
}

function annotationsOf(
  all: readonly Annotation[],
  place: Annotation["place"],
  platform: Platform,
): Readonly<Record<string, string>> {
  const found = all.filter((annotation) => annotation.place === place);
  for (const { platform: wanted, key } of found) {
    if (wanted === undefined || formatPlatform(wanted) === formatPlatform(platform)) continue;
    const message = `Cannot annotate "${key}" for ${formatPlatform(wanted)}: the image is for ${formatPlatform(platform)}`;
    throw new BuildError("USAGE", message);
  }
  return Object.fromEntries(found.map(({ key, value }) => [key, value]));
}

function platformOf({ os, architecture, variant, ...config }: ImageConfig): Platform {
  const { "os.version": version, "os.features": features } = config;
  return normalizePlatform({
    os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(version === undefined ? {} : { "os.version": version }),
    ...(features === undefined ? {} : { "os.features": features }),
  });
}
