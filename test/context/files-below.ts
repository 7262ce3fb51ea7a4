import { FileTreeSource } from "../../src/context/file-tree-source.js";
import { fileTreeRootfs } from "../../src/context/file-tree-rootfs.js";
import type { ReadableRootfs } from "../../src/context/rootfs.js";
import type { SourceTree } from "../../src/context/source-tree.js";
import type { FileTree } from "../../src/oci/file-tree.js";
import { directoryFiles } from "../../src/snapshotter/directory-files.js";
import { LayeredFiles } from "../../src/snapshotter/layer-files.js";
import { OverlayXattrs } from "../../src/snapshotter/overlay-xattrs.js";

/** The files of a state whose only layer is that directory. */
export function filesBelow(root: string): FileTree {
  return new LayeredFiles([directoryFiles(root, new OverlayXattrs({ userNamespace: true }))]);
}

/** The same as COPY --from sees them. */
export function openRootfsTree(root: string): SourceTree {
  return new FileTreeSource(filesBelow(root));
}

/** The same as a destination of COPY. */
export function openFileRootfs(root: string): ReadableRootfs {
  return fileTreeRootfs(filesBelow(root));
}
