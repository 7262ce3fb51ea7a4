import { BuildError } from "../error.js";
import { toText, type BytePath } from "../oci/changeset.js";
import { readContentInto } from "../oci/content.js";
import type { FileTree, TreeNode } from "../oci/file-tree.js";
import { keptOf } from "./kept-xattrs.js";
import { resolveLinks } from "./resolve-links.js";
import type { ReadableRootfs, RootfsNode } from "./rootfs.js";

/** The root filesystem that a tree of files is. */
export function fileTreeRootfs(files: FileTree): ReadableRootfs {
  const resolve = (path: BytePath): BytePath =>
    resolveLinks(path, (link) => {
      const entry = files.lstat(link)?.entry;
      return entry?.type === "symlink" ? entry.target : undefined;
    });
  return {
    resolve,
    lstat(path) {
      const node = files.lstat(path);
      return node && nodeOf(node);
    },
    readFile(path, limit) {
      const entry = files.lstat(resolve(path))?.entry;
      if (entry?.type !== "file") return undefined;
      if (entry.size > limit) {
        throw new BuildError("COPY", `Cannot read "/${toText(path)}": larger than ${limit} bytes`);
      }
      const bytes = Buffer.alloc(entry.size + 1);
      readContentInto(entry, bytes, 0);
      return bytes.subarray(0, entry.size);
    },
  };
}

function nodeOf({ entry }: TreeNode): RootfsNode {
  const { type, mode, uid, gid, mtime } = entry;
  return {
    type: type === "directory" || type === "symlink" ? type : "other",
    mode,
    uid,
    gid,
    mtime,
    xattrs: keptOf(entry.xattrs),
    target: entry.type === "symlink" ? entry.target : undefined,
  };
}
