import type { BytePath, DirectoryEntry } from "../oci/changeset.js";
import type { FileStat } from "../sys/file-stat.js";
import { readXattrs } from "./overlay-xattrs.js";

/** What every file has besides its name and its content. */
export type Metadata = Omit<DirectoryEntry, "type" | "path">;

/** Of a directory that is in a layer without an entry of its own. */
export const unlistedDirectory: Metadata = { mode: 0o755, uid: 0, gid: 0, mtime: 0 };

/** The root directory of layers of which none has an entry for it. */
export const unlistedRoot: DirectoryEntry = {
  type: "directory",
  path: "" as BytePath,
  ...unlistedDirectory,
};

/** The metadata of the file at `host`, of which `stat` was just taken. */
export function readMetadata(
  host: string,
  stat: FileStat,
  rename: (xattr: string) => string | undefined,
): Metadata {
  const { permissions: mode, uid, gid, mtimeSeconds: mtime } = stat;
  const xattrs = readXattrs(host, rename);
  return { mode, uid, gid, mtime, ...(xattrs === undefined ? {} : { xattrs }) };
}

/** Whether two files differ in their time at most. */
export function sameButTime(a: Metadata, b: Metadata): boolean {
  return a.mode === b.mode && a.uid === b.uid && a.gid === b.gid && sameXattrs(a.xattrs, b.xattrs);
}

function sameXattrs(a: Metadata["xattrs"] = new Map(), b: Metadata["xattrs"] = new Map()): boolean {
  if (a.size !== b.size) return false;
  return [...a].every(([name, value]) => {
    const other = b.get(name);
    return other !== undefined && Buffer.from(value).equals(other);
  });
}
