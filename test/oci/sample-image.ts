import { gzipSync } from "node:zlib";
import { mediaTypes, type Descriptor } from "../../src/oci/descriptor.js";
import { digestOf } from "../../src/oci/digest.js";
import { serializeConfig, serializeDocument } from "../../src/oci/image-json.js";
import type { Platform } from "../../src/oci/platform.js";

export interface SampleBlob {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
}

/** A whole image of one layer, in memory. */
export interface SampleImage {
  readonly manifest: SampleBlob;
  readonly config: SampleBlob;
  readonly layer: SampleBlob;
  /** All of them, what others point at first. */
  readonly blobs: readonly SampleBlob[];
}

/** An image that others can pull: its only layer is an empty tar, its label "name" is `name`. */
export function makeImage(name: string, platform: Platform): SampleImage {
  const tar = Buffer.alloc(1024);
  const layer = blob(mediaTypes.layerGzip, gzipSync(tar));
  const rootfs = { type: "layers", diff_ids: [digestOf(tar)] } as const;
  const config = blob(
    mediaTypes.config,
    serializeConfig({ ...platform, config: { Labels: { name } }, rootfs }),
  );
  const manifest = blob(
    mediaTypes.manifest,
    serializeDocument({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: config.descriptor,
      layers: [layer.descriptor],
    }),
  );
  const described = { ...manifest, descriptor: { ...manifest.descriptor, platform } };
  return { manifest: described, config, layer, blobs: [config, layer, described] };
}

/** An index of images. */
export function indexFor(images: readonly SampleImage[]): SampleBlob {
  const manifests = images.map(({ manifest }) => manifest.descriptor);
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests } as const;
  return blob(mediaTypes.index, serializeDocument(index));
}

function blob(mediaType: string, bytes: Uint8Array): SampleBlob {
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
  return { descriptor, bytes: Buffer.from(bytes) };
}
