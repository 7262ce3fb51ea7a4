import { lstatSync, rmdirSync, unlinkSync } from "node:fs";
import { posix } from "node:path";
import { toHostPath, type BytePath } from "../oci/changeset.js";
import type { FileTree, TreeNode } from "../oci/file-tree.js";
import { setModificationTime } from "../sys/inodes.js";
import type { OverlayXattrs } from "./overlay-xattrs.js";
import { sameFile } from "./same-file.js";

/** An entry that tells what is there, under its first name. */
export type PlainEntry = TreeNode["entry"];

/** An upper directory that becomes the layer. */
export interface KeptUpper {
  readonly directory: BytePath;
  readonly overlay: OverlayXattrs;
}

/**
 * The state that an upper directory lies upon. What both have is no change: overlayfs copies a file up when it is
 * opened for writing, or its owner is set to what it is. Of a directory the time does not count, as for BuildKit.
 */
export class StateBelow {
  readonly #open: () => Promise<FileTree>;
  readonly #kept: KeptUpper | undefined;
  #files: Promise<FileTree> | undefined;

  /** `open` is called at the first question; what is no change is removed from an upper directory that is kept. */
  constructor(open: () => Promise<FileTree>, kept?: KeptUpper) {
    this.#open = open;
    this.#kept = kept;
  }

  /** Whether it has anything there. */
  async hasPath(path: BytePath): Promise<boolean> {
    return (await this.#at(path)) !== undefined;
  }

  /** Whether it has that, too; its parents are directories in both. */
  async has(entry: PlainEntry): Promise<boolean> {
    const below = await this.#at(entry.path);
    if (below === undefined) return false;
    const sameTime = entry.type === "directory" || entry.mtime === below.mtime;
    return sameTime && (await sameFile(below, entry));
  }

  async #at(path: BytePath): Promise<PlainEntry | undefined> {
    const files = await (this.#files ??= this.#open());
    return files.lstat(path)?.entry;
  }

  /** Takes note that a directory hides nothing. */
  hidesNothing(path: BytePath): void {
    this.#kept?.overlay.clearOpaque(`${this.#kept.directory}/${path}`);
  }

  /** Takes note that it is no change; of a directory after what is in it. */
  leaveOut({ path, type }: PlainEntry): void {
    if (this.#kept === undefined) return;
    const host = `${this.#kept.directory}/${path}`;
    const parent = posix.dirname(host) as BytePath;
    const { mtimeNs } = lstatSync(toHostPath(parent), { bigint: true });
    const remove = type === "directory" ? rmdirSync : unlinkSync;
    remove(toHostPath(host as BytePath));
    setModificationTime(parent, mtimeNs);
  }
}
