import type { BytePath } from "../oci/changeset.js";
import type { FileIndex } from "./file-index.js";
import type { IgnoreRules } from "./ignore-rules.js";

/** A directory of the host as COPY sees it. */
export interface LocalTree {
  /** Absolute host path. */
  readonly root: BytePath;
  /**
   * "context": owners become root, only file capabilities are kept, sockets are empty files.
   * "rootfs": owners and attributes are kept; sockets are left out, as in every layer.
   */
  readonly kind: "context" | "rootfs";
  readonly ignore: IgnoreRules | undefined;
  readonly index: FileIndex | undefined;
}
