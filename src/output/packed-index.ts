import { dockerMediaTypes, mediaTypes, type Descriptor } from "../oci/descriptor.js";
import { serializeDocument } from "../oci/image-json.js";
import type { Index } from "../oci/image.js";
import type { Stored } from "../oci/resolved-image.js";
import {
  sorted,
  stored,
  type Annotations,
  type PackedImage,
  type PackedRoot,
} from "./packed-image.js";

/** An image, or what is said of one, as an index lists it. */
export interface IndexedImage {
  readonly image: PackedImage;
  /** Its manifest's, with the platform and annotations. */
  readonly descriptor: Descriptor;
}

/** How an index is written. */
export interface IndexForm {
  readonly mediaTypes: "docker" | "oci";
  readonly annotations: Annotations;
}

/** Joins images in an index (image-spec, image-index.md). */
export function packIndex(children: readonly IndexedImage[], form: IndexForm): PackedRoot {
  const listed = children.map(({ descriptor }) => descriptor);
  return { root: indexOf(listed, form), images: children.map(({ image }) => image) };
}

/** The index that lists these. */
export function indexOf(
  manifests: readonly Descriptor[],
  { mediaTypes: types, annotations }: IndexForm,
): Stored {
  const { index: mediaType } = types === "docker" ? dockerMediaTypes : mediaTypes;
  const index: Index = {
    schemaVersion: 2,
    mediaType,
    manifests,
    ...(Object.keys(annotations).length === 0 ? {} : { annotations: sorted(annotations) }),
  };
  return stored(serializeDocument(index), mediaType);
}
