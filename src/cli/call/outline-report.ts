import type { Source } from "../../error.js";
import type { OutlinedMount } from "../../plan/outline-args.js";
import type { Outline } from "../../plan/outline.js";
import { printable } from "../../progress/terminal-text.js";
import { formatColumns } from "../format/columns.js";
import { Lines, locationOf } from "./lines.js";

/** The outline in the shape of `docker buildx build --call=outline,format=json`. */
export function outlineJson(outline: Outline, source: Source): object {
  const { name, description, args, secrets, ssh } = outline;
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
    secrets: mountsJson(secrets, lines),
    ssh: mountsJson(ssh, lines),
    sources: [Buffer.from(source.text).toString("base64")],
  };
}

function mountsJson(mounts: readonly OutlinedMount[], lines: Lines): object | undefined {
  if (mounts.length === 0) return undefined;
  return mounts.map(({ name, required, at }) => ({
    name,
    required: required ? true : undefined,
    location: locationOf(lines.range(at)),
  }));
}

const gap = 3;

/** The outline for people. */
export function outlineText({ name, description, args, secrets, ssh }: Outline): string {
  const head = [
    ...(name === undefined ? [] : [["TARGET:", name]]),
    ...(description === undefined ? [] : [["DESCRIPTION:", description]]),
  ];
  const rows = args.map(({ name: arg, value = "", description: text = "" }) => [arg, value, text]);
  return sections([
    formatColumns(head, 1),
    rows.length === 0
      ? ""
      : formatColumns([["BUILD ARG", "VALUE", "DESCRIPTION"], ...rows.map(clean)], gap),
    mountsTable("SECRET", secrets),
    mountsTable("SSH", ssh),
  ]);
}

function mountsTable(title: string, mounts: readonly OutlinedMount[]): string {
  const rows = mounts.map(({ name, required }) => [name, required ? "true" : ""]);
  return rows.length === 0 ? "" : formatColumns([[title, "REQUIRED"], ...rows.map(clean)], gap);
}

function clean(row: readonly string[]): readonly string[] {
  return row.map((cell) => printable(cell.replaceAll("\n", " ")));
}

function sections(tables: readonly string[]): string {
  return tables.map((table) => (table === "" ? "" : `${table}\n`)).join("");
}
