import { StepRecords } from "../../cache/records.js";
import { StoredFacts } from "../../cache/rootfs-facts.js";
import { bookkeeping } from "../../store/bookkeeping.js";
import { listItems, type DiskItem } from "../../store/disk-items.js";
import type { PruneRequest } from "../../store/eviction.js";
import { planPrune, prune } from "../../store/garbage.js";
import type { Store } from "../../store/store.js";
import { formatBytes } from "../../progress/format.js";
import { ask } from "../ask.js";
import { bytesOf, type Space } from "../args/space.js";
import type { StoreCommand } from "../store-command.js";
import { diskSize } from "../gc-limits.js";
import { formatRows } from "../format/rows.js";
import type { Io } from "../io.js";
import { diskTest } from "./disk-filters.js";
import { describer } from "./disk-record.js";
import { blocks, headers, rowOf } from "./disk-rows.js";

const columns = [
  "ID",
  "Type",
  "Reclaimable",
  "Size",
  "LastUsedAt",
  "KeptBy",
  "Description",
] as const;

type DuCommand = Extract<StoreCommand, { kind: "du" }>;
type PruneCommand = Extract<StoreCommand, { kind: "prune" }>;

/** `tsbuild du`: all that takes space, what for and why it stays; then the sums (SEMANTICS K31). */
export async function runDu(command: DuCommand, store: Store, io: Io): Promise<number> {
  store.holds.letGo(); // what is listed as in use is used by others
  const accepts = diskTest(command.filters, store.now());
  const describe = describer(new StepRecords(store).list());
  store.tally.recount();
  const items = [...(await listItems(store)), ...(await bookkeeping(store))];
  const records = items.map(describe).filter(accepts);
  const rows = records.map((record) => rowOf(record, store.now()));
  const isPretty = command.verbose || command.format === "pretty";
  if (isPretty) io.out.write(blocks(rows));
  else {
    io.out.write(formatRows(rows, { format: command.format, headers, columns }));
  }
  if (command.format !== undefined && command.format !== "table" && !isPretty) return 0;
  const size = (of: typeof records): string => sizeOf(of.map(({ item }) => item));
  const shared = records.filter((record) => record.shared);
  const reclaimable = records.filter((record) => record.reclaimable);
  io.out.write(`Shared:        ${size(shared)}\n`);
  io.out.write(`Private:       ${size(records.filter((record) => !record.shared))}\n`);
  io.out.write(`Reclaimable:   ${size(reclaimable)}\n`);
  io.out.write(`Total:         ${size(records)}\n`);
  return 0;
}

/** `tsbuild prune`: removes what no named image needs, and says how much that was (SEMANTICS K30). */
export async function runPrune(command: PruneCommand, store: Store, io: Io): Promise<number> {
  const request = requestOf(command, store);
  if (command.plan) return await tellPlan(request, store, io);
  if (!command.force && io.terminal.in && !(await agrees(command, io))) return 0;
  const records = new StepRecords(store);
  const describe = describer(records.list()); // afterwards nobody knows what made them
  const removed = await prune(store, request, io.signal);
  await records.removeStale();
  await new StoredFacts(store).clear();
  if (command.verbose) {
    io.out.write(blocks(removed.map((item) => rowOf(describe(item), store.now()))));
  } else {
    for (const { kind, key, size } of removed) {
      io.out.write(`Deleted: ${kind} ${key} (${formatBytes(size)})\n`);
    }
  }
  io.out.write(`Total reclaimed space: ${sizeOf(removed)}\n`);
  return 0;
}

function requestOf(command: PruneCommand, store: Store): PruneRequest {
  const { all, filters, maxUsed, minFree, reserved } = command;
  const test = diskTest(filters, store.now());
  const describe = describer(new StepRecords(store).list());
  const accepts = (item: DiskItem): boolean => test(describe(item));
  const isLimited = maxUsed !== undefined || minFree !== undefined || reserved !== undefined;
  if (!isLimited) return { all, accepts };
  const disk = diskSize(store.paths.root);
  const bytes = (space: Space | undefined): number | undefined => space && bytesOf(space, disk);
  const limits = { maxUsed: bytes(maxUsed), minFree: bytes(minFree), reserved: bytes(reserved) };
  return { all, accepts, limits };
}

async function tellPlan(request: PruneRequest, store: Store, io: Io): Promise<number> {
  store.holds.letGo();
  const doomed = await planPrune(store, request);
  const describe = describer(new StepRecords(store).list());
  const rows = doomed.map(({ item, why }) => ({
    ...rowOf(describe(item), store.now()),
    Why: why,
  }));
  io.out.write(
    formatRows(rows, {
      format: undefined,
      headers: { ...headers, Why: "WHY" },
      columns: ["ID", "Type", "Size", "LastUsedAt", "Why", "Description"],
    }),
  );
  io.out.write(`Would reclaim: ${sizeOf(doomed.map(({ item }) => item))}\n`);
  return 0;
}

async function agrees({ all }: PruneCommand, io: Io): Promise<boolean> {
  const what = all
    ? "ALL images and the whole cache"
    : "all images without a name, and all cache that no image needs";
  io.err.write(`This will remove ${what}. The history of builds stays.\n`);
  return /^y(es)?$/i.test((await ask("Go on? [y/N] ", io)).trim());
}

function sizeOf(items: readonly DiskItem[]): string {
  return formatBytes(items.reduce((total, { size }) => total + size, 0));
}
