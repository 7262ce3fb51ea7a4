import { createHash, type Hash } from "node:crypto";
import type { Changeset, Entry, EntryList, OpaqueEntry, WhiteoutEntry } from "../oci/changeset.js";
import { contentDigest } from "../oci/content.js";
import { rowsOf } from "../oci/entry-store.js";
import { FileRow } from "../oci/file-row.js";
import { writeLayerTar, type WrittenEntry } from "../oci/layer-tar.js";
import { RowTexts } from "../oci/row-texts.js";
import { SHA256_DIGITS } from "../sha256.js";
import { measureTar, type TarSink } from "./measure-tar.js";
import type { LayerMeasure, TreeDigest } from "./snapshotter.js";

/** Bump when the meaning of a tree digest changes; what was known by older ones is then a miss. */
const FORMAT = "tsbuild-tree-1";

/** What all texts begin with. */
export const FORMAT_FIELD = fieldOf(FORMAT);

/** Text that is hashed at once: a call of `update` costs as much as hashing a kilobyte. */
const BATCH = 1 << 16;

/** Hashes a changeset entry by entry. */
export class TreeHasher {
  readonly #hash: Hash;
  readonly #sink: ((text: Uint8Array) => void) | undefined;
  #pending = FORMAT_FIELD;
  /** Nearly all entries have those of the one before. */
  #rights = { mode: -1, uid: -1, gid: -1, fields: "" };

  /** `sink` is given all that is hashed, in pieces. */
  constructor(sink?: (text: Uint8Array) => void, hash = createHash("sha256")) {
    this.#sink = sink;
    this.#hash = hash;
  }

  /** Another one of the same so far, without a sink. */
  fork(): TreeHasher {
    this.#flush();
    const fork = new TreeHasher(undefined, this.#hash.copy());
    fork.#pending = "";
    return fork;
  }

  /** Adds the next entry; a regular file comes with the SHA-256 of its content in hex. */
  add(entry: Entry, sha256: string | undefined): void {
    this.#pending +=
      entry.type === "whiteout" || entry.type === "opaque"
        ? fieldsOf([entry.type, entry.path])
        : describe(entry, sha256, this.#rightsOf(entry));
    if (this.#pending.length >= BATCH) this.#flush();
  }

  /** Adds entries that are described already. */
  addText(text: Uint8Array): void {
    this.#flush();
    this.#hash.update(text);
    this.#sink?.(text);
  }

  #rightsOf({ mode, uid, gid }: Described): string {
    const last = this.#rights;
    if (last.mode === mode && last.uid === uid && last.gid === gid) return last.fields;
    const fields = rightsText({ mode, uid, gid });
    this.#rights = { mode, uid, gid, fields };
    return fields;
  }

  digest(): TreeDigest {
    this.#flush();
    return this.#hash.digest("hex") as TreeDigest;
  }

  #flush(): void {
    if (this.#pending === "") return;
    const text = Buffer.from(this.#pending, "latin1");
    this.#pending = "";
    this.#hash.update(text);
    this.#sink?.(text);
  }
}

/** The text of an entry that is hashed. */
export function describe(
  entry: Described,
  sha256: string | undefined,
  rights = rightsText(entry),
): string {
  const common = `${fieldOf(entry.type)}${fieldOf(entry.path)}${rights}`;
  return `${common}${xattrsOf(entry.xattrs)}${contentOf(entry, sha256)}`;
}

/** Mode and owner. */
export type Rights = Pick<Described, "gid" | "mode" | "uid">;

/** Those in the text. */
export function rightsText({ mode, uid, gid }: Rights): string {
  return fieldsOf([String(mode), String(uid), String(gid)]);
}

/** All but marks, which are a path and nothing else. */
export type Described = Exclude<Entry, OpaqueEntry | WhiteoutEntry>;

/** What else an entry is, by its type. */
function contentOf(entry: Described, sha256: string | undefined): string {
  switch (entry.type) {
    case "file":
      if (sha256 === undefined) throw new Error(`no digest of the content of "${entry.path}"`);
      return `${fieldOf(String(entry.size))}${fieldOf(sha256)}`;
    case "symlink":
    case "hardlink":
      return fieldOf(entry.target);
    case "block":
    case "char":
      return fieldsOf([String(entry.major), String(entry.minor)]);
    case "directory":
    case "fifo":
      return "";
  }
}

/** Their number first, so that they cannot be taken for the fields that follow. */
function xattrsOf(xattrs: Described["xattrs"]): string {
  if (xattrs === undefined || xattrs.size === 0) return NO_XATTRS;
  const names = [...xattrs.keys()].sort();
  const value = (name: string): string => Buffer.from(xattrs.get(name) ?? []).toString("latin1");
  return fieldsOf([String(names.length), ...names.flatMap((name) => [name, value(name)])]);
}

/** Length-prefixed; all fields are byte strings. */
function fieldOf(field: string): string {
  return `${field.length}:${field}`;
}

function fieldsOf(fields: readonly string[]): string {
  let text = "";
  for (const field of fields) text += fieldOf(field);
  return text;
}

const NO_XATTRS = fieldOf("0");
const FILE_FIELD = fieldOf("file");

/** Entries that know what is hashed of them. */
export interface HashedEntries extends EntryList {
  /** Lets other work go on where there is much to hash. `onRead` is told of each file that comes without its SHA-256. */
  hashInto(tree: TreeHasher, onRead: () => void): Promise<void> | void;
}

function areHashed(changes: Changeset): changes is HashedEntries {
  return "hashInto" in changes;
}

/**
 * Digests a changeset; reads only the content of files that come without their SHA-256, and tells of each of these. `sink` as of a
 * `TreeHasher`.
 */
export async function treeDigest(
  changes: Changeset,
  sink?: (text: Uint8Array) => void,
  onRead = (): void => undefined,
): Promise<TreeDigest> {
  const tree = new TreeHasher(sink);
  if (areHashed(changes)) await changes.hashInto(tree, onRead);
  else if (Symbol.iterator in changes) await hashEntries(changes, tree, { onRead });
  else for await (const entry of changes) tree.add(entry, await digestIn(entry, onRead));
  return tree.digest();
}

/** How entries are hashed. */
interface EntryHashing {
  /** What they become before that, but for files that are rows; undefined of what is left out. */
  readonly placed?: (entry: Entry) => Entry | undefined;
  /** What the paths of those begin with in addition: nothing, or a directory and "/". */
  readonly prefix?: string;
  /** Mode and owner of those. */
  readonly rights?: (of: Rights) => Rights;
  readonly onRead: () => void;
}

/** Adds entries to a tree; of a store not one by one. */
export async function hashEntries(
  entries: Iterable<Entry>,
  tree: TreeHasher,
  { placed = (entry) => entry, prefix = "", rights = (same) => same, onRead }: EntryHashing,
): Promise<void> {
  const form = {
    prefix,
    facts: (row: FileRow) =>
      `${rightsText(rights(row))}${NO_XATTRS}${fieldOf(String(row.size))}${SHA256_DIGITS}:`,
    text: ({ name, sha256 }: FileRow, directory: string, facts: string) =>
      `${FILE_FIELD}${directory.length + name.length}:${directory}${name}${facts}${sha256}`,
  };
  const texts = new RowTexts(form, (text) => {
    tree.addText(text);
  });
  for (const one of rowsOf(entries)) {
    if (one instanceof FileRow) {
      texts.add(one);
      continue;
    }
    const entry = placed(one);
    if (entry === undefined) continue;
    texts.flush();
    // waiting for each of what is known takes as long as hashing it
    tree.add(entry, digestOf(entry) ?? (await digestIn(entry, onRead)));
  }
  texts.flush();
}

/** Of the content of a file, where it is known. */
export function digestOf(entry: Entry): string | undefined {
  return entry.type === "file" ? entry.sha256 : undefined;
}

async function digestIn(entry: Entry, onRead: () => void): Promise<string | undefined> {
  if (entry.type !== "file") return undefined;
  if (entry.sha256 === undefined) onRead();
  return await contentDigest(entry);
}

/** What becomes of a layer while it is measured. */
export interface LayerSink extends TarSink {
  /** Told of each entry once its content was read. */
  entry?(entry: Entry, written: WrittenEntry): void;
}

/** DiffID, tree digest and size of the layer, reading its content once. */
export function measureChanges(changes: Changeset, signal?: AbortSignal): Promise<LayerMeasure> {
  return measureInto({}, changes, signal);
}

/**
 * As `measureChanges`, and hands everything on: a piece is taken and hashed while the next is made. With `known`, the tree digest is
 * that one.
 */
export async function measureInto(
  sink: LayerSink,
  changes: Changeset,
  signal?: AbortSignal,
  known?: TreeDigest,
): Promise<LayerMeasure> {
  const tree = new TreeHasher();
  const onEntry = (entry: Entry, written: WrittenEntry): void => {
    if (known === undefined) tree.add(entry, written.sha256);
    sink.entry?.(entry, written);
  };
  const tar = writeLayerTar(changes, { onEntry, reuse: true });
  const measure = await measureTar(tar, sink, signal);
  return { ...measure, tree: known ?? tree.digest() };
}
