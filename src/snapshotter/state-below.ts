import { lstatSync, rmdirSync, unlinkSync } from "node:fs";
import { posix } from "node:path";
import { toHostPath, type BytePath } from "../oci/changeset.js";
import type { FileTree, TreeNode } from "../oci/file-tree.js";
import { setModificationTime } from "../sys/inodes.js";
import { sameFile } from "./same-file.js";

/** An entry that tells what is there, under its first name. */
export type PlainEntry = TreeNode["entry"];

/**
 * The state that an upper directory lies upon. What both have is no change: overlayfs copies a file up when it is
 * opened for writing, or its owner is set to what it is. Of a directory the time does not count, as for BuildKit.
 */
export class StateBelow {
  readonly #open: () => Promise<FileTree>;
  readonly #upper: BytePath | undefined;
  #files: Promise<FileTree> | undefined;

  /** `open` is called where something was copied up; what is no change is removed from `upper`, if that is kept. */
  constructor(open: () => Promise<FileTree>, upper?: BytePath) {
    this.#open = open;
    this.#upper = upper;
  }

  /** Whether it has that, too; its parents are directories in both. */
  async has(entry: PlainEntry): Promise<boolean> {
    const files = await (this.#files ??= this.#open());
    const below = files.lstat(entry.path)?.entry;
    if (below === undefined) return false;
    const sameTime = entry.type === "directory" || entry.mtime === below.mtime;
    return sameTime && (await sameFile(below, entry));
  }

  /** Takes note that it is no change; of a directory after what is in it. */
  leaveOut({ path, type }: PlainEntry): void {
    if (this.#upper === undefined) return;
    const host = `${this.#upper}/${path}`;
    const parent = posix.dirname(host) as BytePath;
    const { mtimeNs } = lstatSync(toHostPath(parent), { bigint: true });
    const remove = type === "directory" ? rmdirSync : unlinkSync;
    remove(toHostPath(host as BytePath));
    setModificationTime(parent, mtimeNs);
  }
}
