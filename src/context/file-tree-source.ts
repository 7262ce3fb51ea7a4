import type { BytePath, FileEntry } from "../oci/changeset.js";
import { contentDigest } from "../oci/content.js";
import type { FileTree, TreeNode } from "../oci/file-tree.js";
import { joinPath } from "./confined.js";
import type { Read } from "./entry-reader.js";
import { keptOf } from "./kept-xattrs.js";
import { Selection } from "./selection.js";
import type { SelectedSource, SelectOptions, SourceTree } from "./source-tree.js";
import type { OpenDirectory, WalkableTree } from "./walkable-tree.js";

/** The root filesystem of a stage or an image, as `COPY --from` sees it: owners are kept. */
export class FileTreeSource implements SourceTree {
  readonly #tree: WalkableTree;

  constructor(files: FileTree) {
    this.#tree = {
      kind: "rootfs",
      ignore: undefined,
      open: (path) => openDirectory(files, path),
      readLink: (path) => {
        const entry = files.lstat(path)?.entry;
        return entry?.type === "symlink" ? entry.target : undefined;
      },
    };
  }

  select(pattern: string, options: SelectOptions = {}): Promise<readonly SelectedSource[]> {
    return new Selection(this.#tree, pattern, options).run();
  }
}

function openDirectory(files: FileTree, path: BytePath): OpenDirectory | undefined {
  if (files.lstat(path)?.entry.type !== "directory") return undefined;
  return {
    names: () => files.names(path),
    read({ name, entryPath }, wants) {
      const node = files.lstat(joinPath(path, name));
      if (node === undefined) return undefined;
      return wants === "directory" && node.entry.type !== "directory"
        ? undefined
        : readNode(node, entryPath);
    },
    [Symbol.dispose]: () => undefined,
  };
}

function readNode({ entry, inode }: TreeNode, path: BytePath): Read | Promise<Read> {
  const placed = { ...entry, path, xattrs: keptOf(entry.xattrs) };
  if (placed.type !== "file") return { entry: placed, inode: undefined };
  return placed.sha256 === undefined ? hashed(placed, inode) : { entry: placed, inode };
}

async function hashed(entry: FileEntry, inode: string | undefined): Promise<Read> {
  return { entry: { ...entry, sha256: await contentDigest(entry) }, inode };
}
