import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { constants, deflateRaw, inflateRaw } from "node:zlib";
import { joinPath } from "../context/confined.js";
import type { SelectedSource } from "../context/source-tree.js";
import type { BytePath, Entry } from "../oci/changeset.js";
import type { SelectionKey, StateKey } from "./key.js";

/** What a COPY selected: of each path, what `factOf` tells. Explains misses; never decides a hit. */
export type FileFacts = ReadonlyMap<BytePath, string>;

/** What counts of files where flags replace the rest. */
export interface Counted {
  readonly owner: boolean;
  readonly mode: boolean;
}

/** The parts of a fact. */
export interface FileFact {
  readonly type: string;
  readonly mode: string;
  readonly owner: string;
  /** Short digests: 64 bits tell two versions of a file apart. */
  readonly xattrs: string;
  /** As `xattrs`; of a symbolic link where it leads. */
  readonly content: string;
}

/** Of more paths than this nothing is kept: their names would take as much room as a small layer. */
const mostFiles = 250_000;

/**
 * The files of a selection by their paths in the tree they are from. Not the directories that are
 * named themselves: only what is in them is copied.
 */
export function factsOf(
  selected: readonly SelectedSource[],
  counted: Counted,
): FileFacts | undefined {
  if (selected.reduce((sum, { entries }) => sum + entries.length, 0) > mostFiles) return undefined;
  const facts = new Map<BytePath, string>();
  for (const { path, entries } of selected) {
    for (const entry of entries) {
      if (entry.path === "" && entry.type === "directory") continue;
      facts.set(joinPath(path, entry.path), factOf(entry, counted));
    }
  }
  return facts;
}

function factOf(entry: Entry, { owner, mode }: Counted): string {
  if (entry.type === "whiteout" || entry.type === "opaque") return entry.type;
  const { type, uid, gid, xattrs } = entry;
  const bits = mode && type !== "symlink" ? `${entry.mode}` : ""; // that of a link means nothing
  const owners = owner ? `${uid}:${gid}` : "";
  const attributes = xattrs === undefined ? "" : short(...[...xattrs].flat());
  return `${type} ${bits} ${owners} ${attributes} ${contentOf(entry)}`;
}

/** The parts of what `factsOf` made. */
export function partsOf(fact: string): FileFact {
  const [type = "", mode = "", owner = "", xattrs = "", ...content] = fact.split(" ");
  return { type, mode, owner, xattrs, content: content.join(" ") };
}

function contentOf(entry: Exclude<Entry, { type: "opaque" | "whiteout" }>): string {
  switch (entry.type) {
    case "file":
      return entry.sha256?.slice(0, 16) ?? `${entry.size}`;
    case "symlink":
      return entry.target;
    case "hardlink":
      return short(entry.target);
    case "block":
    case "char":
      return `${entry.major}:${entry.minor}`;
    case "directory":
    case "fifo":
      return "";
  }
}

function short(...fields: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const field of fields) hash.update(`${field.length}:`).update(field);
  return hash.digest("hex").slice(0, 16);
}

/** Facts as they are kept, with what they were selected from (docs/formats.md). */
export async function packFacts(
  origin: SelectionKey | StateKey,
  facts: FileFacts,
): Promise<Uint8Array> {
  const fields: string[] = [origin];
  for (const [path, fact] of facts) fields.push(path, fact);
  const text = Buffer.from(fields.join("\0"), "latin1");
  return await promisify(deflateRaw)(text, { level: constants.Z_BEST_SPEED });
}

/** What `packFacts` made of that origin; undefined when it is anything else. */
export async function unpackFacts(
  origin: string,
  bytes: Uint8Array,
): Promise<FileFacts | undefined> {
  const text = await promisify(inflateRaw)(bytes).catch(() => undefined);
  const [from, ...fields] = text?.toString("latin1").split("\0") ?? [];
  if (from !== origin) return undefined;
  const facts = new Map<BytePath, string>();
  for (let i = 0; i + 1 < fields.length; i += 2)
    facts.set(fields[i] as BytePath, fields[i + 1] ?? "");
  return facts;
}
