import type { BytePath } from "../oci/changeset.js";
import type { FileIndex } from "./file-index.js";
import type { IgnoreRules } from "./ignore-rules.js";
import type { LookMemory } from "./look-memory.js";

/**
 * A directory of the host as COPY sees it: owners become root, extended attributes are left out, sockets
 * are empty files.
 */
export interface LocalTree {
  /** Absolute host path. */
  readonly root: BytePath;
  readonly ignore: IgnoreRules | undefined;
  /** Asked for when files are looked at, before the first one is. */
  readonly index: (() => Promise<FileIndex>) | undefined;
  /** As often as `index` was asked for, when that is no longer used. */
  readonly letGo?: (() => Promise<void>) | undefined;
  readonly looks?: LookMemory | undefined;
  /** Told of each path that is looked at, until it answers false; "directory/." is one whose names are read. */
  readonly looked?: ((path: BytePath) => boolean) | undefined;
  /** A private directory: keeps what had to be read for its digest, so that it is read only once. */
  readonly work?: string | undefined;
  /** The script of a thread (`reading-thread.ts`) that may read new files beside this one. */
  readonly thread?: string | undefined;
}
