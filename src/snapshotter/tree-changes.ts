import type { BytePath, Entry } from "../oci/changeset.js";
import type { FileTree, TreeNode } from "../oci/file-tree.js";

/** All that a state shows as one changeset, in order, its root directory first. */
export function* treeChanges(tree: FileTree): Generator<Entry> {
  const firstNames = new Map<string, BytePath>();
  const waiting = ["" as BytePath];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const node = tree.lstat(path);
    if (node === undefined) throw new Error(`"${path}" was listed and is not there`);
    yield entryOf(node, firstNames);
    if (node.entry.type !== "directory") continue;
    const prefix = path === "" ? "" : `${path}/`;
    for (const name of tree.names(path).toReversed()) waiting.push(`${prefix}${name}` as BytePath);
  }
}

function entryOf({ entry, inode }: TreeNode, firstNames: Map<string, BytePath>): Entry {
  const target = inode === undefined ? undefined : firstNames.get(inode);
  if (inode !== undefined && target === undefined) firstNames.set(inode, entry.path);
  if (target === undefined) return entry;
  const { path, mode, uid, gid, mtime, xattrs } = entry;
  const metadata = { path, mode, uid, gid, mtime, ...(xattrs === undefined ? {} : { xattrs }) };
  return { type: "hardlink", target, ...metadata };
}
