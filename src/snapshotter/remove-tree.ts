import { rm } from "node:fs/promises";

/** Removes a directory with all in it, whatever its names are; nothing there is fine. */
export async function removeTree(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
}
