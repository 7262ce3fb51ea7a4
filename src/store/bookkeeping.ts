import { stat } from "node:fs/promises";
import { directorySize } from "./directory-size.js";
import type { DiskItem } from "./disk-items.js";
import type { Store } from "./store.js";

/** What the store keeps about the rest, and no prune removes: the database, and the history of builds where there is one. */
export async function bookkeeping({ paths, now }: Store): Promise<readonly DiskItem[]> {
  const common = { createdAt: undefined, uses: 0, inUse: false } as const;
  const unneeded = { names: [], images: [], parents: [] } as const;
  const item = async (kind: "builds" | "database", path: string, usedAt: number) => {
    const size = await directorySize(path);
    return { kind, key: kind, size, usedAt, ...common, ...unneeded };
  };
  const items = [await item("database", paths.db, now())];
  const builds = await stat(paths.builds).catch(() => undefined);
  if (builds !== undefined) items.push(await item("builds", paths.builds, builds.mtimeMs));
  return items;
}
