import type { DirectoryEntry, Entry, FileEntry } from "../../oci/changeset.js";
import { fileTypes } from "../../sys/file-stat.js";
import { isListedRoot, metadataOf } from "./index-files.js";
import type { IndexImage, Inode } from "./index-image.js";
import { indexesSize } from "./inode-bytes.js";
import { portableEntry } from "./portable.js";
import { encodeXattrs } from "./xattrs.js";

/** What may take the place of an entry of the same name, and the inode of that. */
export interface Replaceable {
  readonly entry: DirectoryEntry | FileEntry;
  readonly inode: Inode;
}

/**
 * Looks up what entries are to take the place of, in order; undefined where an inode would not stay where and as large as it is, or where
 * it has other names.
 */
export function replaceables(
  image: IndexImage,
  entries: Iterable<Entry>,
): readonly Replaceable[] | undefined {
  const found: Replaceable[] = [];
  let last = 0;
  for (const entry of entries) {
    const one = replaceable(image, portableEntry(entry));
    if (one === undefined || one.inode.at <= last) return undefined;
    last = one.inode.at;
    found.push(one);
  }
  return found;
}

function replaceable(image: IndexImage, entry: Entry): Replaceable | undefined {
  if (entry.type !== "file" && entry.type !== "directory") return undefined;
  const inode = image.find(entry.path);
  if (inode === undefined || !haveSameXattrs(entry, inode)) return undefined;
  const fits = entry.type === "file" ? isFile(entry, inode, image) : isDirectory(entry, inode);
  return fits ? { entry, inode } : undefined;
}

/** An empty file has no place for where its content is. */
function isFile({ size, sha256 }: FileEntry, inode: Inode, image: IndexImage): boolean {
  const isSame = inode.type === fileTypes.file && indexesSize(size) === indexesSize(inode.size);
  return isSame && inode.links === 1 && sha256 !== undefined && image.sha256(inode) !== undefined;
}

/** Each image has a root directory, listed or not. */
function isDirectory({ path }: DirectoryEntry, inode: Inode): boolean {
  return inode.type === fileTypes.directory && (path !== "" || isListedRoot(inode));
}

/** In the same order, too: the bytes are what counts. */
function haveSameXattrs({ path, xattrs }: Replaceable["entry"], inode: Inode): boolean {
  const old = encodeXattrs(metadataOf(path, inode).xattrs, path);
  return encodeXattrs(xattrs, path).equals(old);
}
