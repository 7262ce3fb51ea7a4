import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { joinPath } from "../context/confined.js";
import type { SelectedSource } from "../context/source-tree.js";
import type { BytePath, Entry, EntryList, FileEntry } from "../oci/changeset.js";
import { rowsOf } from "../oci/entry-store.js";
import { FileRow } from "../oci/file-row.js";
import { RowTexts } from "../oci/row-texts.js";
import { ByteBatches, MadeOfRights } from "./byte-batches.js";
import { haveText, untold, type TreeText } from "../snapshotter/tree-text.js";
import { FactCursor } from "./fact-cursor.js";
import type { SelectionKey, StateKey } from "./key.js";

/**
 * What a COPY selected: each path, and what `factOf` tells of it. Explains misses; never decides a hit. In bytes, and no map:
 * of 50,000 files nearly all are what they were, and need not be taken apart.
 */
export type FileFacts = Buffer;

/** Ends a path and a fact; neither is empty, so that two stand only at the end of both. */
const END = "\0";
const BOTH = `${END}${END}`;

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
 * named themselves: only what is in them is copied. Made piece by piece; undefined where they are too many.
 */
export function factsOf(
  selected: readonly SelectedSource[],
  counted: Counted,
): Iterable<Buffer> | undefined {
  const count = selected.reduce((sum, { entries }) => sum + entries.length, 0);
  return count > mostFiles ? undefined : piecesOf(selected, counted);
}

function* piecesOf(selected: readonly SelectedSource[], counted: Counted): Generator<Buffer> {
  const seen = selected.length > 1 ? new Set<BytePath>() : undefined;
  for (const { path, entries } of selected)
    yield* haveText(entries)
      ? piecesOfText(entries.text, path, counted)
      : piecesOfEntries(entries, path, { ...counted, seen });
}

/** Without those that were seen in another source. */
function* piecesOfEntries(
  entries: EntryList,
  path: BytePath,
  { seen, ...counted }: Counted & { readonly seen: Set<BytePath> | undefined },
): Generator<Buffer> {
  const made: Buffer[] = [];
  const isFile = entries.length === 1; // or an empty directory
  const form = {
    prefix: path === "" || isFile ? path : `${path}/`,
    facts: (row: FileRow) => `${END}file ${rightsOf(row, counted)}  `,
    text: ({ name, sha256 }: FileRow, directory: string, facts: string) =>
      `${directory}${name}${facts}${sha256.slice(0, DIGITS)}${BOTH}`,
  };
  const texts = new RowTexts(form, (text) => made.push(Buffer.from(text)));
  for (const one of rowsOf(entries)) {
    if (made.length > 0) yield* made.splice(0);
    if (seen?.has(joinPath(path, one.path)) === true) continue;
    seen?.add(joinPath(path, one.path));
    if (one instanceof FileRow) texts.add(one);
    else texts.addText(lineOf(path, one, counted));
  }
  texts.flush();
  yield* made;
}

/** Of the digest of a content in hex. */
const DIGITS = 16;
/** More than mode and owner take, and all that is not the path. */
const LONGEST = 128;

/** The same from a text: of files byte by byte. */
function* piecesOfText(text: TreeText, path: BytePath, counted: Counted): Generator<Buffer> {
  const made: Buffer[] = [];
  const to = new ByteBatches((bytes) => made.push(Buffer.from(bytes)));
  const directory = Buffer.from(path === "" ? "" : `${path}/`, "latin1");
  const end = Buffer.from(BOTH, "latin1");
  const rights = new MadeOfRights((cursor) => `${END}file ${rightsOf(cursor.rights(), counted)}  `);
  const cursor = text.cursor();
  while (cursor.next()) {
    if (made.length > 0) yield* made.splice(0);
    const { bytes, pathFrom, pathEnd, sha256From } = cursor;
    const room = directory.byteLength + pathEnd - pathFrom + LONGEST;
    if (cursor.isFile && pathEnd > pathFrom && to.hasRoom(room)) {
      to.add(directory);
      to.add(bytes, pathFrom, pathEnd);
      to.add(rights.at(cursor));
      to.add(bytes, sha256From, sha256From + DIGITS);
      to.add(end);
      continue;
    }
    to.flush();
    made.push(Buffer.from(lineOf(path, cursor.entry(untold), counted), "latin1"));
  }
  to.flush();
  yield* made;
}

/**
 * Facts of the same source with these entries, in order, in place of those of their paths; undefined where one is not among them.
 * `path` is that of the source in its tree.
 */
export function factsWith(
  before: FileFacts,
  path: BytePath,
  entries: readonly Entry[],
  counted: Counted,
): FileFacts | undefined {
  const parts: Buffer[] = [];
  let end = 0;
  for (const entry of entries) {
    const line = Buffer.from(lineOf(path, entry, counted), "latin1");
    if (line.byteLength === 0) continue;
    const name = line.subarray(0, line.indexOf(END, 0, "latin1") + END.length);
    const start = startOfLine(before, name, end);
    if (start === undefined) return undefined;
    parts.push(before.subarray(end, start), line);
    end = before.indexOf(BOTH, start, "latin1") + BOTH.length;
  }
  return Buffer.concat([...parts, before.subarray(end)]);
}

/** Where the line begins that begins with that name, from the beginning of another one on. */
function startOfLine(facts: FileFacts, name: Buffer, from: number): number | undefined {
  if (facts.subarray(from, from + name.byteLength).equals(name)) return from;
  const at = facts.indexOf(Buffer.concat([Buffer.from(BOTH, "latin1"), name]), from);
  return at < 0 ? undefined : at + BOTH.length;
}

/** Nothing of a directory that is named itself. */
function lineOf(path: BytePath, entry: Entry, counted: Counted): string {
  if (entry.path === "" && entry.type === "directory") return "";
  return `${joinPath(path, entry.path)}${END}${factOf(entry, counted)}${BOTH}`;
}

function factOf(entry: Entry, { owner, mode }: Counted): string {
  if (entry.type === "whiteout" || entry.type === "opaque") return entry.type;
  const { type, xattrs } = entry;
  const rights = rightsOf(entry, { owner, mode: mode && type !== "symlink" }); // that of a link means nothing
  const attributes = xattrs === undefined ? "" : short(...[...xattrs].flat());
  return `${type} ${rights} ${attributes} ${contentOf(entry)}`;
}

function rightsOf(
  { mode, uid, gid }: Pick<FileEntry, "gid" | "mode" | "uid">,
  counted: Counted,
): string {
  return `${counted.mode ? `${mode}` : ""} ${counted.owner ? `${uid}:${gid}` : ""}`;
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

/** Of so many bytes, what deflating them would spare is not worth the start of zlib, 3 ms of a build. */
const SMALL = 4096;

/** Bytes that zlib hands over at a time: each piece takes a turn of the event loop, which a layer in the making has filled. */
const PIECE = 1 << 18;

/** A last block, without compression (RFC 1951, 3.2.4): what comes before its bytes. */
const STORED = 5;

async function deflate(bytes: Uint8Array): Promise<Buffer> {
  if (bytes.byteLength <= SMALL) return stored(bytes);
  const { constants, deflateRaw } = await import("node:zlib");
  return await promisify(deflateRaw)(bytes, {
    level: constants.Z_BEST_SPEED,
    chunkSize: PIECE,
  });
}

async function inflate(bytes: Uint8Array): Promise<Buffer> {
  const block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const plain = block.subarray(STORED);
  if (plain.byteLength <= SMALL && block.equals(stored(plain))) return plain;
  const { inflateRaw } = await import("node:zlib");
  return await promisify(inflateRaw)(bytes, { chunkSize: PIECE });
}

function stored(bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(STORED);
  head[0] = 1;
  head.writeUInt16LE(bytes.byteLength, 1);
  head.writeUInt16LE(~bytes.byteLength & 0xffff, 3);
  return Buffer.concat([head, bytes]);
}

/** Facts as they are kept, with what they were selected from (docs/formats.md). */
export async function packFacts(
  origin: SelectionKey | StateKey,
  facts: FileFacts,
): Promise<Uint8Array> {
  return await deflate(Buffer.concat([headOf(origin), facts]));
}

/** What `packFacts` made of that origin; undefined when it is anything else. */
export async function unpackFacts(
  origin: string,
  bytes: Uint8Array,
): Promise<FileFacts | undefined> {
  const unpacked = await inflate(bytes).catch(() => undefined);
  const head = headOf(origin);
  const isOfOrigin = unpacked?.subarray(0, head.byteLength).equals(head) === true;
  return isOfOrigin ? unpacked.subarray(head.byteLength) : undefined;
}

function headOf(origin: string): Buffer {
  return Buffer.from(`${origin}${BOTH}`, "latin1");
}

/** A file, and what is known of it. */
export type Fact = readonly [path: BytePath, fact: string];

/** The facts without those that both begin with, and those that both end with. */
export function differingFacts(
  before: FileFacts,
  now: FileFacts,
): { readonly before: FileFacts; readonly now: FileFacts } {
  const start = sameStart(before, now);
  const [old, own] = [before.subarray(start), now.subarray(start)];
  const end = sameEnd(old, own);
  return {
    before: old.subarray(0, old.byteLength - end),
    now: own.subarray(0, own.byteLength - end),
  };
}

/** Each fact, in the order of the selection; never the text of all. */
export function* factsIn(facts: FileFacts): Generator<Fact> {
  const cursor = new FactCursor(facts);
  while (cursor.next()) yield [cursor.path, cursor.fact];
}

/** Compared at once: byte by byte would take a hundred times as long. */
const BLOCK = 1 << 10;

/** Bytes of whole facts. */
function sameStart(a: FileFacts, b: FileFacts): number {
  const most = Math.min(a.byteLength, b.byteLength);
  let same = 0;
  while (same + BLOCK <= most && a.compare(b, same, same + BLOCK, same, same + BLOCK) === 0)
    same += BLOCK;
  while (same < most && a[same] === b[same]) same++;
  const last = a.subarray(0, same).lastIndexOf(BOTH, undefined, "latin1");
  return last < 0 ? 0 : last + BOTH.length;
}

function sameEnd(a: FileFacts, b: FileFacts): number {
  const most = Math.min(a.byteLength, b.byteLength);
  const isSame = (from: number, to: number): boolean => {
    const [x, y] = [a.byteLength, b.byteLength];
    return a.compare(b, y - to, y - from, x - to, x - from) === 0;
  };
  let same = 0;
  while (same + BLOCK <= most && isSame(same, same + BLOCK)) same += BLOCK;
  while (same < most && isSame(same, same + 1)) same++;
  const first = a.indexOf(BOTH, a.byteLength - same, "latin1");
  return first < 0 ? 0 : a.byteLength - first - BOTH.length;
}
