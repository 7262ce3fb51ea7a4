import { assert } from "chai";
import type { Source } from "../../../src/cli/imagetools/source.js";
import { dockerMediaTypes, mediaTypes, type Descriptor } from "../../../src/oci/descriptor.js";
import { digestOf } from "../../../src/oci/digest.js";
import { serializeDocument } from "../../../src/oci/image-json.js";
import { parsePlatform } from "../../../src/oci/platform.js";
import type { Stored } from "../../../src/oci/resolved-image.js";

function stored(value: object | Uint8Array, mediaType: string): Stored {
  const bytes = value instanceof Uint8Array ? value : Buffer.from(JSON.stringify(value));
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.byteLength }, bytes };
}

/** A source of one image for a platform. */
export function image(platform: string, types: "docker" | "oci" = "oci"): Source {
  const names = types === "docker" ? dockerMediaTypes : mediaTypes;
  const config = stored(
    { ...parsePlatform(platform), rootfs: { type: "layers", diff_ids: [] } },
    names.config,
  );
  const root = stored(
    serializeDocument({
      schemaVersion: 2,
      mediaType: names.manifest,
      config: config.descriptor,
      layers: [],
    }),
    names.manifest,
  );
  return source(root, [config]);
}

function source(root: Stored, beside: readonly Stored[]): Source {
  return {
    repository: undefined,
    root,
    read: ({ digest }) => {
      const found = beside.find(({ descriptor }) => descriptor.digest === digest);
      return found === undefined ? Promise.reject(new Error(digest)) : Promise.resolve(found.bytes);
    },
    open: () => assert.fail("no blob is needed"),
  };
}

/** A source of an index that holds nothing but itself. */
export function index(...manifests: readonly Descriptor[]): Source {
  const mediaType = mediaTypes.index;
  const bytes = serializeDocument({ schemaVersion: 2, mediaType, manifests });
  return source(stored(bytes, mediaType), []);
}

/** An image as an index lists it. */
export function listed({ root }: Source, platform: string): Descriptor {
  return { ...root.descriptor, platform: parsePlatform(platform) };
}
