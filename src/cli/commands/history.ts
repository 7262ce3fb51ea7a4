import type { ImageConfig } from "../../oci/image.js";
import { formatBytes } from "../../progress/format.js";
import type { Store } from "../../store/store.js";
import type { StoreCommand } from "../store-command.js";
import { formatAge, formatInstant } from "../format/age.js";
import { formatRows, type Row } from "../format/rows.js";
import type { Io } from "../io.js";
import { shownId } from "./image-fields.js";

type HistoryCommand = Extract<StoreCommand, { kind: "history" }>;

/** Docker cuts "CREATED BY" here unless told otherwise. */
const COMMAND_WIDTH = 45;

const headers = {
  ID: "IMAGE",
  CreatedSince: "CREATED",
  CreatedAt: "CREATED AT",
  CreatedBy: "CREATED BY",
  Size: "SIZE",
  Comment: "COMMENT",
};
type Field = keyof typeof headers;

/** `tsbuild history IMAGE`: one line for each entry of the config's history, newest first. */
export async function runHistory(command: HistoryCommand, store: Store, io: Io): Promise<number> {
  const record = store.images.get(command.name);
  const config = await store.images.config(record);
  const id = shownId(record.id, command.noTrunc);
  const rows = rowsOf(config, { command, store }).map((row, i) => ({
    ...row,
    ID: i === 0 ? id : "<missing>",
  }));
  if (command.quiet) {
    for (const { ID } of rows) io.out.write(`${ID}\n`);
    return 0;
  }
  const created = command.human ? "CreatedSince" : "CreatedAt";
  const columns: readonly Field[] = ["ID", created, "CreatedBy", "Size", "Comment"];
  io.out.write(formatRows(rows, { format: command.format, headers, columns }));
  return 0;
}

function rowsOf(
  { rootfs, history = [] }: ImageConfig,
  { command, store }: { readonly command: HistoryCommand; readonly store: Store },
): readonly Omit<Row<Field>, "ID">[] {
  const sizes = rootfs.diff_ids.map((diffId) => store.layers.sizeOf(diffId));
  const rows = history.map(({ created, created_by: text = "", comment = "", empty_layer }) => {
    const size = empty_layer === true ? 0 : (sizes.shift() ?? 0);
    const time = created === undefined ? undefined : Date.parse(created);
    return {
      CreatedSince: time === undefined ? "N/A" : formatAge(time, Date.now()),
      CreatedAt: time === undefined ? "" : formatInstant(time),
      CreatedBy: shownCommand(text, command.noTrunc),
      Size: command.human ? formatBytes(size) : String(size),
      Comment: comment,
    };
  });
  return rows.reverse();
}

function shownCommand(text: string, whole: boolean): string {
  const line = text.replace(/\s+/g, " ");
  return whole || line.length <= COMMAND_WIDTH ? line : `${line.slice(0, COMMAND_WIDTH - 1)}…`;
}
