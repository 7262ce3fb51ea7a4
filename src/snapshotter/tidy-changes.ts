import {
  type BytePath,
  type Changeset,
  type Entry,
  type DirectoryEntry,
  type HardlinkEntry,
} from "../oci/changeset.js";
import type { Metadata } from "./metadata.js";
import { isDirectory, LayerTree, type DirectoryNode, type FileNode } from "./layer-tree.js";
import { noLinkTarget } from "./write-errors.js";

/**
 * What a changeset in any order and with repeats amounts to, in order: what unpacking it into a
 * directory and walking that would tell. Contents must be readable after the next entry.
 */
export async function tidyChanges(changes: Changeset): Promise<Iterable<Entry>> {
  const tidy = new TidyChanges();
  for await (const entry of changes) tidy.add(entry);
  return tidy.entries();
}

/** As `tidyChanges`, for those who have the entries one by one. */
export class TidyChanges {
  readonly #tree = new LayerTree();

  add(entry: Entry): void {
    apply(this.#tree, entry);
  }

  /** To be asked when all are added. */
  entries(): Iterable<Entry> {
    return this.#tree.entries();
  }
}

function apply(tree: LayerTree, entry: Entry): void {
  switch (entry.type) {
    case "directory":
      applyDirectory(tree, entry);
      break;
    case "hardlink":
      applyHardlink(tree, entry);
      break;
    case "whiteout":
      applyWhiteout(tree, entry.path);
      break;
    case "opaque":
      applyOpaque(tree, entry.path);
      break;
    case "file":
    case "symlink":
    case "block":
    case "char":
    case "fifo": {
      const { parent, name } = tree.locate(entry.path);
      parent.children.set(name, { kind: "file", entry });
    }
  }
}

/** An earlier directory stays with what is in it; a whiteout hides what lower layers have there. */
function applyDirectory(tree: LayerTree, entry: DirectoryEntry): void {
  if (entry.path === "") {
    tree.root.listed = true;
    tree.root.metadata = merged(tree.root.metadata, entry);
    return;
  }
  const { parent, name } = tree.locate(entry.path);
  const old = parent.children.get(name);
  if (isDirectory(old)) {
    old.metadata = merged(old.metadata, entry);
    return;
  }
  const opaque = old?.kind === "whiteout";
  const metadata = metadataOf(entry);
  const node = { kind: "directory", metadata, listed: true, opaque, children: new Map() } as const;
  parent.children.set(name, node);
}

/** A link is one more name of a file, and says what that file is like from then on. */
function applyHardlink(tree: LayerTree, entry: HardlinkEntry): void {
  const { parent, name } = tree.locate(entry.path);
  const target = tree.locate(entry.target);
  if (parent === target.parent && name === target.name) return;
  const node = target.parent.children.get(target.name);
  if (node?.kind !== "file") throw noLinkTarget(entry);
  const mode = node.entry.type === "symlink" ? node.entry.mode : entry.mode; // those have only one
  node.entry = { ...node.entry, ...merged(node.entry, entry), mode };
  parent.children.set(name, node);
}

/** A whiteout removes from lower layers only: what this layer has at the same path stays. */
function applyWhiteout(tree: LayerTree, path: BytePath): void {
  const { parent, name } = tree.locate(path);
  const old = parent.children.get(name);
  if (old === undefined) parent.children.set(name, { kind: "whiteout" });
  else if (isDirectory(old)) old.opaque = true;
}

function applyOpaque(tree: LayerTree, path: BytePath): void {
  if (path === "") {
    tree.root.opaque = true;
    return;
  }
  const { parent, name } = tree.locate(path);
  const old = parent.children.get(name);
  const directory: DirectoryNode = isDirectory(old) ? old : tree.makeDirectory();
  directory.opaque = true;
  parent.children.set(name, directory);
}

function metadataOf({ mode, uid, gid, mtime, xattrs }: Metadata): Metadata {
  return { mode, uid, gid, mtime, ...(xattrs === undefined ? {} : { xattrs }) };
}

/** Attributes that an earlier entry set stay, as with tar. */
function merged(old: FileNode["entry"] | Metadata, next: Metadata): Metadata {
  if (old.xattrs === undefined) return metadataOf(next);
  return { ...metadataOf(next), xattrs: new Map([...old.xattrs, ...(next.xattrs ?? [])]) };
}
