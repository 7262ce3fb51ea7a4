import { stat } from "node:fs/promises";
import { directorySize } from "./directory-size.js";
import { unneeded, type DiskItem } from "./disk-items.js";
import type { Store } from "./store.js";

/** What the store keeps for itself, and no prune removes: the database, and the history of builds where there is one. */
export async function bookkeeping({ paths, now }: Store): Promise<readonly DiskItem[]> {
  const common = { createdAt: undefined, uses: 0, inUse: false } as const;
  const item = async (kind: "builds" | "database", path: string, usedAt: number) => {
    const size = await directorySize(path);
    return { kind, key: kind, size, usedAt, ...common, ...unneeded };
  };
  const changed = (await stat(paths.builds).catch(() => undefined))?.mtimeMs ?? 0;
  const builds = await item("builds", paths.builds, changed);
  return [await item("database", paths.db, now()), ...(builds.size > 0 ? [builds] : [])];
}
