import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { bind, cPath } from "./libc.js";
import { AT_FDCWD } from "./open-flags.js";
import { check } from "./system-error.js";

const c = {
  linkat: bind("int linkat(int, const char*, int, const char*, int)"),
};

const TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/**
 * Opens a new file in `directory` that has no name: a process that is killed leaves nothing of it. Undefined where
 * that cannot be, as on NFS.
 */
export async function openUnnamed(
  directory: string,
  mode: number,
): Promise<FileHandle | undefined> {
  return await open(directory, TMPFILE | constants.O_RDWR, mode).catch(() => undefined);
}

/** Gives an unnamed file a name that nothing has yet; `path` as bytes. */
export function nameFile({ fd }: FileHandle, path: string): void {
  const AT_SYMLINK_FOLLOW = 0x400;
  const from = cPath(`/proc/self/fd/${fd}`);
  check(c.linkat(AT_FDCWD, from, AT_FDCWD, cPath(path), AT_SYMLINK_FOLLOW), "linkat", path);
}
