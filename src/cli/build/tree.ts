import type { Entry } from "../../oci/changeset.js";

/** The filesystem of one platform. */
export interface Tree {
  /** "linux_arm_v7", as BuildKit names its directory. */
  readonly name: string;
  /** Each call reads it from the start. */
  readonly read: () => AsyncGenerator<Entry>;
}
