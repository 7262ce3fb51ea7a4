import { mediaTypes, type Descriptor } from "../oci/descriptor.js";
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

/** Packs an image; layers are compressed where they are not already, and stay so. */
export async function packImage(
  { config, layers }: StoredImage,
  bytes: LayerBytes,
  { compression, signal }: { readonly compression: LayerCompression; readonly signal: AbortSignal },
): Promise<PackedImage> {
  const packed: PackedLayer[] = [];
  for (const record of layers) {
    const descriptor = await bytes.compressed(record, compression, signal);
    packed.push({ descriptor, open: () => bytes.open(record, descriptor) });
  }
  return { manifest: manifestOf(config, packed), config, layers: packed };
}

function manifestOf(config: Stored, layers: readonly PackedLayer[]): Stored {
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
  };
  return stored(serializeDocument(manifest), mediaTypes.manifest);
}

/** A config as it is stored and named by its digest. */
export function storedConfig(config: ImageConfig): StoredImage["config"] {
  return { ...stored(serializeConfig(config), mediaTypes.config), value: config };
}

function stored(bytes: Uint8Array, mediaType: string): Stored {
  const { byteLength: size } = bytes;
  return { descriptor: { mediaType, digest: digestOf(bytes), size }, bytes };
}
