import { formatTable } from "./columns.js";
import { Template } from "./template.js";
import { struct } from "./template-value.js";

/** What a list tells of one thing: text for each field of its headers. */
export type Row<Field extends string> = Readonly<Record<Field, string>>;

/** How a list is printed. */
export interface ListFormat<Field extends string> {
  /** As given with `--format`; undefined is "table". */
  readonly format: string | undefined;
  /** Every field with what stands above its column. */
  readonly headers: Row<Field>;
  /** The columns of "table". */
  readonly columns: readonly Field[];
}

/** A list as docker prints it: "table", "table TEMPLATE", "json", or a template for each line. */
export function formatRows<Field extends string>(
  rows: readonly Row<Field>[],
  { format = "table", headers, columns }: ListFormat<Field>,
): string {
  const given = format.trim().replaceAll("\\t", "\t").replaceAll("\\n", "\n");
  if (given === "json") return rows.map((row) => `${JSON.stringify(sorted(row))}\n`).join("");
  if (given === "table") {
    const lines = [headers, ...rows].map((row) => columns.map((field) => row[field]));
    return formatTable(lines);
  }
  const inTable = /^table\s+(.*)$/s.exec(given)?.[1];
  const template = new Template(inTable ?? given);
  const lines = rows.map((row) => template.render(struct(row)));
  if (inTable === undefined) return lines.map((line) => `${line}\n`).join("");
  const header = template.render(struct(headers), headerFunctions);
  return formatTable([header, ...lines].map((line) => line.split("\t")));
}

/** A header stays what it is, whatever is done to its column. */
const headerFunctions = Object.fromEntries(
  ["join", "json", "lower", "pad", "split", "title", "truncate", "upper"].map((name) => [
    name,
    (header: unknown) => header,
  ]),
);

function sorted(row: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
}
