import { lstatSync } from "node:fs";

/** What lstat(2) told of a path. */
export interface FileStamp {
  /** As long as it is the same, so is the file, but for changes in the tick of the clock in which it was taken. */
  readonly text: string;
  /** In milliseconds since the epoch. */
  readonly ctimeMs: number;
  readonly isFile: boolean;
}

/**
 * Takes the stamp of what is at `path`, latin1 for bytes; undefined where nothing is. Of a directory only that of
 * "directory/." has its times, which change with the names in it.
 */
export function fileStamp(path: string): FileStamp | undefined {
  const stat = lstatSync(Buffer.from(path, "latin1"), { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  const { dev, ino, mode, uid, gid, rdev, size, mtimeNs, ctimeNs } = stat;
  const lasting = [dev, ino, mode, uid, gid, rdev];
  const isPlain = stat.isDirectory() && !path.endsWith("/.");
  const text = (isPlain ? lasting : [...lasting, size, mtimeNs, ctimeNs]).join(" ");
  return { text, ctimeMs: Number(ctimeNs / 1000n) / 1000, isFile: stat.isFile() };
}
