import type {
  DirectoryEntry,
  Entry,
  HardlinkEntry,
  OpaqueEntry,
  WhiteoutEntry,
} from "../oci/changeset.js";

/** An entry that puts something at its path that is not a directory. */
export type File = Exclude<Entry, DirectoryEntry | HardlinkEntry | OpaqueEntry | WhiteoutEntry>;

/** Tells files from directories, and from what only says something about another path. */
export function isFile(entry: Entry): entry is File {
  switch (entry.type) {
    case "directory":
    case "hardlink":
    case "opaque":
    case "whiteout":
      return false;
    case "block":
    case "char":
    case "fifo":
    case "file":
    case "symlink":
      return true;
  }
}
