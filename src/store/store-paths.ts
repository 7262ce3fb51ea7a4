import { join } from "node:path";

/** Where things are (docs/formats.md). All of it is on one filesystem, so that renames publish. */
export interface StorePaths {
  readonly root: string;
  /** Says which format the rest has. */
  readonly format: string;
  readonly db: string;
  readonly blobs: string;
  readonly layers: string;
  /** Directories of RUN --mount=type=cache. */
  readonly mounts: string;
  /** What is kept of builds. */
  readonly builds: string;
  /** File indexes of build contexts. */
  readonly index: string;
  /** Whose bytes stand for the names that processes lock. */
  readonly locks: string;
  /** Whose bytes stand for what processes use. */
  readonly holds: string;
  readonly work: string;
}

/** The paths below `root`. */
export function storePaths(root: string): StorePaths {
  return {
    root,
    format: join(root, "format"),
    db: join(root, "db"),
    blobs: join(root, "blobs", "sha256"),
    layers: join(root, "layers"),
    mounts: join(root, "mounts"),
    builds: join(root, "builds"),
    index: join(root, "index"),
    locks: join(root, "names"),
    holds: join(root, "holds"),
    work: join(root, "work"),
  };
}
