import type { Descriptor } from "../oci/descriptor.js";
import type { Digest } from "../oci/digest.js";

/** An image of this machine. Its config is a blob; its layers are found by the DiffIDs in there. */
export interface ImageRecord {
  /** Digest of the config; of an image for several platforms that of its index. */
  readonly id: Digest;
  /** The manifest that it came with, or that a build gave it, or the index; also a blob. */
  readonly manifest?: Descriptor | undefined;
  /** True when that is of a build: a later build that gives none takes it away. */
  readonly built?: boolean | undefined;
  /** When it came to this machine, in milliseconds since the epoch. */
  readonly createdAt: number;
}
