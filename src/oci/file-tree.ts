import type {
  BytePath,
  DeviceEntry,
  DirectoryEntry,
  FifoEntry,
  FileEntry,
  SymlinkEntry,
} from "./changeset.js";

/** What is at a path of a root filesystem, as a changeset would list it. */
export interface TreeNode {
  readonly entry: DirectoryEntry | FileEntry | SymlinkEntry | DeviceEntry | FifoEntry;
  /** The same for each name of a file that has several. */
  readonly inode: string | undefined;
}

/** A root filesystem that is asked file by file. Nothing in it changes, and nothing is followed. */
export interface FileTree {
  /** What is at a path, all of whose parents must be directories; undefined where there is nothing. */
  lstat(path: BytePath): TreeNode | undefined;
  /** Names in a directory, in the order of their bytes; none where there is no directory. */
  names(path: BytePath): readonly BytePath[];
}
