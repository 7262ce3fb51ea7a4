import { formatBytes } from "../../progress/format.js";
import { printable } from "../../progress/terminal-text.js";
import { formatAge, formatTime } from "../format/age.js";
import { formatColumns } from "../format/columns.js";
import type { Row } from "../format/rows.js";
import type { DiskRecord } from "./disk-record.js";

/** The fields of `du`. */
export const headers = {
  ID: "ID",
  Parents: "PARENTS",
  Type: "TYPE",
  CreatedAt: "CREATED AT",
  Mutable: "MUTABLE",
  InUse: "IN USE",
  Reclaimable: "RECLAIMABLE",
  Shared: "SHARED",
  Size: "SIZE",
  LastUsedAt: "LAST ACCESSED",
  UsageCount: "USES",
  KeptBy: "KEPT BY",
  Description: "DESCRIPTION",
};

/** One of its lines; "*" marks ids of what changes, and sizes of what images have, too. */
export function rowOf(record: DiskRecord, now: number): Row<keyof typeof headers> {
  const { item, id, type, mutable, shared, reclaimable, keptBy, description } = record;
  const { createdAt, usedAt } = item;
  return {
    ID: mutable ? `${id}*` : id,
    Parents: item.parents.join(","),
    Type: type,
    CreatedAt: createdAt === undefined ? "" : formatTime(createdAt),
    Mutable: String(mutable),
    InUse: String(item.inUse),
    Reclaimable: String(reclaimable),
    Shared: String(shared),
    Size: shared ? `${formatBytes(item.size)}*` : formatBytes(item.size),
    LastUsedAt: usedAt === undefined ? "" : formatAge(usedAt, now),
    UsageCount: String(item.uses),
    KeptBy: keptBy,
    Description: description,
  };
}

/** Each as lines of "KEY: value", with an empty line behind. */
export function blocks(rows: readonly Row<keyof typeof headers>[]): string {
  const fields = Object.entries(headers) as readonly (readonly [keyof typeof headers, string])[];
  return rows
    .map((row) => {
      const lines = fields.map(([field, header]) => [sentence(header), printable(row[field])]);
      return `${formatColumns(lines, 2).replace(/ +$/gm, "")}\n`;
    })
    .join("");
}

/** "LAST ACCESSED" is "Last accessed:". */
function sentence(header: string): string {
  return header === "ID" ? "ID:" : `${header.slice(0, 1)}${header.slice(1).toLowerCase()}:`;
}
