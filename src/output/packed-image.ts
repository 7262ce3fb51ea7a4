import { BuildError } from "../error.js";
import { dockerMediaTypes, mediaTypes, type Descriptor } from "../oci/descriptor.js";
import { digestOf } from "../oci/digest.js";
import { serializeConfig, serializeDocument } from "../oci/image-json.js";
import type { ImageConfig, Manifest } from "../oci/image.js";
import type { Stored } from "../oci/resolved-image.js";
import type { LayerBytes, LayerCompression } from "../store/layer-bytes.js";
import type { LayerRecord } from "../store/layers.js";

/** An image in the form in which it travels: archives and pushes are made of it. */
export interface PackedImage {
  readonly manifest: Stored;
  readonly config: Stored;
  readonly layers: readonly PackedLayer[];
}

/** All that a name leads to: a manifest, or an index with what it lists. */
export interface PackedRoot {
  readonly root: Stored;
  readonly images: readonly PackedImage[];
}

/** An image that no index lists. */
export function onlyImage(image: PackedImage): PackedRoot {
  return { root: image.manifest, images: [image] };
}

/** A layer in the form in which it is sent. */
export interface PackedLayer {
  readonly descriptor: Descriptor;
  /** Its bytes, each call from the start. */
  readonly open: () => AsyncIterable<Uint8Array>;
}

/** An image of the store, with the layers of its config in their order. */
export interface StoredImage {
  /** The config as stored: its digest is the image id. */
  readonly config: Stored & { readonly value: ImageConfig };
  readonly layers: readonly LayerRecord[];
}

/** How to pack an image. */
export interface PackOptions {
  readonly compression: LayerCompression;
  readonly signal: AbortSignal;
  /** OCI's, unless Docker's are asked for. */
  readonly mediaTypes?: "docker" | "oci";
  /** Of the manifest. */
  readonly annotations?: Annotations;
}

/** Of a manifest or an index. */
export type Annotations = Readonly<Record<string, string>>;

/** Packs an image; layers are compressed where they are not already, and stay so. */
export async function packImage(
  { config, layers }: StoredImage,
  bytes: LayerBytes,
  { compression, signal, mediaTypes: types = "oci", annotations = {} }: PackOptions,
): Promise<PackedImage> {
  const packed: PackedLayer[] = [];
  for (const record of layers) {
    const descriptor = await bytes.compressed(record, compression, signal);
    packed.push({
      descriptor: typed(descriptor, types),
      open: () => bytes.open(record, descriptor),
    });
  }
  const own = { ...config, descriptor: typed(config.descriptor, types) };
  return { manifest: manifestOf(own, packed, { types, annotations }), config: own, layers: packed };
}

interface ManifestForm {
  readonly types: "docker" | "oci";
  readonly annotations: Annotations;
}

function manifestOf(
  config: Stored,
  layers: readonly PackedLayer[],
  { types, annotations }: ManifestForm,
): Stored {
  const { manifest: mediaType } = types === "docker" ? dockerMediaTypes : mediaTypes;
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType,
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations: sorted(annotations) }),
  };
  return stored(serializeDocument(manifest), mediaType);
}

/** As Go writes maps. */
export function sorted(annotations: Annotations): Annotations {
  return Object.fromEntries(Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const dockerTypes: ReadonlyMap<string, string> = new Map([
  [mediaTypes.config, dockerMediaTypes.config],
  [mediaTypes.layer, dockerMediaTypes.layer],
  [mediaTypes.layerGzip, dockerMediaTypes.layerGzip],
]);

/** With the media type of that kind, where there is one. */
function typed(descriptor: Descriptor, types: ManifestForm["types"]): Descriptor {
  if (types === "oci") return descriptor;
  const mediaType = dockerTypes.get(descriptor.mediaType);
  if (mediaType !== undefined) return { ...descriptor, mediaType };
  const message = `Cannot use oci-mediatypes=false: Docker has no name for "${descriptor.mediaType}"`;
  throw new BuildError("OUTPUT", message, {
    hint: "compression=gzip,force-compression=true changes the layers of the base, too",
  });
}

/** A config as it is stored and named by its digest. */
export function storedConfig(config: ImageConfig): StoredImage["config"] {
  return { ...stored(serializeConfig(config), mediaTypes.config), value: config };
}

/** A document with the descriptor that names it. */
export function stored(bytes: Uint8Array, mediaType: string): Stored {
  const { byteLength: size } = bytes;
  return { descriptor: { mediaType, digest: digestOf(bytes), size }, bytes };
}
