import type { Digest } from "../../oci/digest.js";
import type { HistoryEntry } from "../../oci/image.js";
import type { Store } from "../../store/store.js";
import type { StoreCommand } from "../command.js";
import type { Io } from "../io.js";
import { formatAge, formatSize, formatTable } from "./table.js";

type HistoryCommand = Extract<StoreCommand, { kind: "history" }>;

/** Docker cuts "CREATED BY" here unless told otherwise. */
const COMMAND_WIDTH = 45;

/** `tsbuild history IMAGE`: one line for each entry of the config's history, newest first. */
export async function runHistory(command: HistoryCommand, store: Store, io: Io): Promise<number> {
  const record = store.images.get(command.name);
  const config = await store.images.config(record);
  const sizes = await layerSizes(config.rootfs.diff_ids, store);
  const entries = [...(config.history ?? [])].map((entry) => ({
    entry,
    size: entry.empty_layer === true ? 0 : (sizes.shift() ?? 0),
  }));
  const id = command.noTrunc ? record.id : record.id.slice("sha256:".length, 19);
  const rows = entries.reverse().map(({ entry, size }, i) => ({
    id: i === 0 ? id : "<missing>",
    line: [age(entry), createdBy(entry, command.noTrunc), formatSize(size), entry.comment ?? ""],
  }));
  if (command.quiet) {
    for (const row of rows) io.out.write(`${row.id}\n`);
    return 0;
  }
  const header = ["IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT"];
  io.out.write(formatTable([header, ...rows.map((row) => [row.id, ...row.line])]));
  return 0;
}

/** In bytes, in order; 0 for a layer that was removed. */
async function layerSizes(diffIds: readonly Digest[], { layers }: Store): Promise<number[]> {
  const sizes: number[] = [];
  for (const diffId of diffIds) sizes.push((await layers.findByDiffId(diffId))?.size ?? 0);
  return sizes;
}

function age({ created }: HistoryEntry): string {
  return created === undefined ? "N/A" : formatAge(Date.parse(created), Date.now());
}

function createdBy({ created_by: text = "" }: HistoryEntry, whole: boolean): string {
  const line = text.replace(/\s+/g, " ");
  return whole || line.length <= COMMAND_WIDTH ? line : `${line.slice(0, COMMAND_WIDTH - 1)}…`;
}
