import { closeSync, fsync, openSync } from "node:fs";
import { promisify } from "node:util";

const sync = promisify(fsync);

/** fsync(2) of a file or directory on another thread: to open and close it there, too, would be two more detours. */
export async function syncPath(path: string): Promise<void> {
  const fd = openSync(path, "r");
  try {
    await sync(fd);
  } finally {
    closeSync(fd);
  }
}
