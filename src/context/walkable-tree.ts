import type { BytePath, Entry } from "../oci/changeset.js";
import type { Read } from "./entry-reader.js";
import type { IgnoreRules } from "./ignore-rules.js";

/** A tree that COPY selects from, wherever its files are. */
export interface WalkableTree {
  readonly kind: "context" | "rootfs";
  readonly ignore: IgnoreRules | undefined;
  /** Told of directories that are opened next, in that order, each with all that is below it. */
  foresee?(paths: readonly BytePath[]): void;
  /** Opens a directory by its real path; undefined where there is none, or a link is on the way. */
  open(path: BytePath): OpenDirectory | undefined;
  /** The target when `path` is a symlink. */
  readLink(path: BytePath): BytePath | undefined;
}

/** A directory that is looked at. */
export interface OpenDirectory extends Disposable {
  /** Looks at all that is inside, where the names are known, and nobody wants entries. Undefined elsewhere. */
  retrace?(): Retraced | undefined;
  /** Names of what is inside, in the order of their bytes. */
  names(): readonly BytePath[];
  /**
   * What is there. Undefined when there is nothing (any more), or no directory where one is wanted. A
   * promise is to be waited for before the next call.
   */
  read(name: NamedPath, wants: "anything" | "directory"): Read | undefined | Promise<Read>;
}

/** What was seen in a directory. */
export interface Retraced {
  /** Names of directories, in order. */
  readonly directories: readonly BytePath[];
  /** How much else there was. */
  readonly others: number;
  /** Stands for each of the directories. */
  readonly entry: Entry;
}

/** A name in an open directory, and what its path is. */
export interface NamedPath {
  /** "" is the directory itself. */
  readonly name: BytePath;
  /** From the root of the tree. */
  readonly path: BytePath;
  /** In the changeset. */
  readonly entryPath: BytePath;
}
