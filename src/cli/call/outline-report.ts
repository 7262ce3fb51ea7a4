import type { Source } from "../../error.js";
import type { Outline } from "../../plan/outline.js";
import { printable } from "../../progress/terminal-text.js";
import { formatTable } from "../commands/table.js";
import { Lines, locationOf } from "./lines.js";

/** The outline in the shape of `docker buildx build --call=outline,format=json`. */
export function outlineJson({ name, description, args }: Outline, source: Source): object {
  const lines = new Lines(source);
  const listed = args.map(({ at, ...arg }) => ({
    name: arg.name,
    description: arg.description,
    value: arg.value === "" ? undefined : arg.value,
    location: locationOf(lines.range(at)),
  }));
  return {
    name,
    description,
    args: listed.length === 0 ? undefined : listed,
    sources: [Buffer.from(source.text).toString("base64")],
  };
}

/** The outline for people. */
export function outlineText({ name, description, args }: Outline): string {
  const head = [
    ...(name === undefined ? [] : [["TARGET:", name]]),
    ...(description === undefined ? [] : [["DESCRIPTION:", description]]),
  ];
  const rows = args.map(({ name: arg, value = "", description: text = "" }) => [arg, value, text]);
  return sections([
    formatTable(head),
    rows.length === 0
      ? ""
      : formatTable([["BUILD ARG", "VALUE", "DESCRIPTION"], ...rows.map(clean)]),
  ]);
}

function clean(row: readonly string[]): readonly string[] {
  return row.map((cell) => printable(cell.replaceAll("\n", " ")));
}

function sections(tables: readonly string[]): string {
  return tables.filter((table) => table !== "").join("\n");
}
