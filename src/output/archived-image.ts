import type { Descriptor } from "../oci/descriptor.js";
import type { ImageConfig, Manifest } from "../oci/image.js";
import type { Stored } from "../oci/resolved-image.js";
import type { PackedRoot } from "./packed-image.js";

/** An image found in an archive; `open` gives the bytes of its layers. */
export interface ArchivedImage {
  /** As the archive has them; none is a valid answer. */
  readonly names: readonly string[];
  readonly config: Stored & { readonly value: ImageConfig };
  readonly manifest: Stored & { readonly value: Manifest };
  readonly open: (descriptor: Descriptor) => AsyncIterable<Uint8Array>;
  /** That lists it, where the archive has all that it lists. */
  readonly index?: PackedRoot | undefined;
}
