import { StepRecords } from "../../cache/records.js";
import { StoredFacts } from "../../cache/rootfs-facts.js";
import { diskUsage, prune } from "../../store/garbage.js";
import type { Store } from "../../store/store.js";
import type { StoreCommand } from "../command.js";
import type { Io } from "../io.js";
import { formatBytes } from "../../progress/format.js";
import { formatAge } from "../format/age.js";
import { formatTable } from "../format/columns.js";

/** `tsbuild du`: every layer, blob and cache mount with its size, then the sums. */
export async function runDu(store: Store, io: Io): Promise<number> {
  const items = await diskUsage(store);
  const now = Date.now();
  const rows = items.map((item) => [
    item.kind,
    item.kind === "cache" ? item.id : item.id.replace(/^sha256:/, "").slice(0, 12),
    item.reclaimable ? "true" : "false",
    formatBytes(item.size),
    item.usedAt === undefined ? "" : formatAge(item.usedAt, now),
  ]);
  io.out.write(formatTable([["KIND", "ID", "RECLAIMABLE", "SIZE", "LAST USED"], ...rows]));
  const sum = (of: typeof items): string =>
    formatBytes(of.reduce((total, item) => total + item.size, 0));
  io.out.write(`Reclaimable: ${sum(items.filter((item) => item.reclaimable))}\n`);
  io.out.write(`Total: ${sum(items)}\n`);
  return 0;
}

/** `tsbuild prune`: removes what no named image needs, and says how much that was. */
export async function runPrune(
  { all }: Extract<StoreCommand, { kind: "prune" }>,
  store: Store,
  io: Io,
): Promise<number> {
  const removed = await prune(store, { all });
  await new StepRecords(store).removeStale();
  await new StoredFacts(store).clear();
  for (const { kind, id, size } of removed) {
    io.out.write(`Deleted: ${kind} ${id} (${formatBytes(size)})\n`);
  }
  const total = removed.reduce((sum, item) => sum + item.size, 0);
  io.out.write(`Total reclaimed space: ${formatBytes(total)}\n`);
  return 0;
}
