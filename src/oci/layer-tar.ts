import { BuildError } from "../error.js";
import {
  toText,
  type BytePath,
  type Changeset,
  type Entry,
  type OpaqueEntry,
  type WhiteoutEntry,
} from "./changeset.js";
import { tarTypes, type TarHeader } from "./tar-header.js";
import { readTar, readTarFile, readTarRuns, type ReadMember } from "./tar-reader.js";
import type { FileRange } from "./tar-source.js";
import { TarWriter, type TarMember } from "./tar-writer.js";

/** Before the name of a removed file (image-spec, layer.md, "Whiteouts"). */
const WHITEOUT = ".wh.";
/** In a directory that hides what is below it ("Opaque Whiteout"). */
const OPAQUE = ".wh..wh..opq";
/** What AUFS kept for itself: no part of the layer. */
const AUFS_OWN = ".wh..wh.";

/** What is known of an entry that was written. */
export interface WrittenEntry {
  /** Of a file's content, in hex. */
  readonly sha256: string | undefined;
  /** Where in the tar its content begins. */
  readonly offset: number;
}

/** How a layer is written as a tar. */
export interface LayerTarOptions {
  /** Told of each entry once its content was read. */
  readonly onEntry?: (entry: Entry, written: WrittenEntry) => void;
  /** Each piece is valid only until the second one after it is asked for: for consumers that keep none. */
  readonly reuse?: boolean;
  /** For `readArchive`: names like ".wh.x" are just names. */
  readonly anyName?: boolean;
}

/**
 * A changeset as the bytes of a layer tar. Deterministic: ustar headers, PAX where those cannot say
 * it, numeric ids, whole seconds, no padding at the end. An empty changeset gives 1024 zeros.
 */
export async function* writeLayerTar(
  changes: Changeset,
  { onEntry, reuse = false, anyName = false }: LayerTarOptions = {},
): AsyncGenerator<Uint8Array> {
  using tar = new TarWriter({ reuse, hashContent: onEntry !== undefined });
  const addSmall = (entry: Entry): boolean => {
    const member = memberOf(entry, anyName);
    if (!tar.fits(member)) return false;
    const sha256 = tar.addSmall(member);
    onEntry?.(entry, { sha256, offset: tar.contentStart });
    return true;
  };
  const add = async function* (entry: Entry): AsyncGenerator<Uint8Array> {
    const sha256 = yield* tar.add(memberOf(entry, anyName));
    onEntry?.(entry, { sha256, offset: tar.contentStart });
  };
  // Waiting for each entry that is there already takes as long as writing it.
  if (Symbol.iterator in changes) {
    for (const entry of changes) if (!addSmall(entry)) yield* add(entry);
  } else {
    for await (const entry of changes) if (!addSmall(entry)) yield* add(entry);
  }
  yield* tar.finish();
}

/** What a layer tar has of the entry. */
export function memberOf(entry: Entry, anyName = false): TarMember {
  return {
    header: headerOf(entry, anyName),
    file: entry.type === "file" ? entry : undefined,
  };
}

/** One literal for all types: spreads of several took a tenth of the time of a COPY of small files. */
function headerOf(entry: Entry, anyName: boolean): TarHeader {
  if (entry.type === "whiteout" || entry.type === "opaque") return markOf(entry);
  const { type, path, mode, uid, gid, mtime, xattrs } = entry;
  if (!anyName && path.includes(WHITEOUT) && split(path).base.startsWith(WHITEOUT))
    throw whiteoutName(path);
  const isLink = type === "symlink" || type === "hardlink";
  const isDevice = type === "block" || type === "char";
  return {
    type: tarTypes[type],
    name: type === "directory" ? `${path === "" ? "." : path}/` : path,
    mode,
    uid,
    gid,
    mtime,
    xattrs,
    size: type === "file" ? entry.size : 0,
    linkName: isLink ? entry.target : "",
    major: isDevice ? entry.major : 0,
    minor: isDevice ? entry.minor : 0,
  };
}

/** The empty file that stands for a removal. */
function markOf({ type, path }: WhiteoutEntry | OpaqueEntry): TarHeader {
  const { dir, base } = split(path);
  const inside = path === "" ? OPAQUE : `${path}/${OPAQUE}`;
  return {
    type: tarTypes.file,
    name: type === "opaque" ? inside : `${dir}${WHITEOUT}${base}`,
    mode: 0,
    uid: 0,
    gid: 0,
    mtime: 0,
    xattrs: undefined,
    size: 0,
    linkName: "",
    major: 0,
    minor: 0,
  };
}

function whiteoutName(path: BytePath): BuildError {
  return new BuildError(
    "UNSUPPORTED",
    `Cannot put "${toText(path)}" into a layer: in images, a name that starts with "${WHITEOUT}" means that a file is removed`,
  );
}

/** `dir` is empty or ends in "/". */
function split(path: string): { readonly dir: string; readonly base: string } {
  const at = path.lastIndexOf("/") + 1;
  return { dir: path.slice(0, at), base: path.slice(at) };
}

/**
 * Reads the uncompressed tar of an image layer, of whatever tool (ustar, PAX, GNU), to the end of
 * `bytes`. Entries come as they are in the tar: in any order, with repeats. Absolute names are taken
 * as relative; a name that leads out of the root, or bytes that are no tar, are INVALID_ARCHIVE.
 */
export function readLayerTar(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Entry> {
  return layerEntries(readTar(bytes));
}

/** As `readLayerTar`, of a file that nobody changes, or of some members in it: contents are parts of it, to be read when wanted. */
export function readLayerTarFile(path: BytePath, range?: FileRange): AsyncGenerator<Entry> {
  return layerEntries(readTarFile(path, range));
}

/** An entry, and where in the tar its content begins. */
export interface PlacedEntry {
  readonly entry: Entry;
  readonly offset: number;
}

/** As `readLayerTar`, for those who keep the bytes: in runs of what came together, to be looked at before the next one. */
export async function* readPlacedLayer(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly PlacedEntry[]> {
  for await (const run of readTarRuns(bytes)) yield run.flatMap(placedEntry);
}

function placedEntry(member: ReadMember): readonly PlacedEntry[] {
  const entry = layerEntry(member);
  const { offset } = member;
  if (offset === undefined) throw sparseLayer(member.path);
  return entry === undefined ? [] : [{ entry, offset }];
}

/** What is kept as it comes can be read in place only where nothing of it is left out. */
function sparseLayer(path: BytePath): BuildError {
  const message = `Cannot read layer: "${toText(path)}" is stored without its holes`;
  return new BuildError("UNSUPPORTED", message, { hint: "make the archive without --sparse" });
}

async function* layerEntries(members: AsyncIterable<ReadMember>): AsyncGenerator<Entry> {
  for await (const member of members) {
    const entry = layerEntry(member);
    if (entry !== undefined) yield entry;
  }
}

/** Undefined for what is no part of the layer. */
function layerEntry(member: ReadMember): Entry | undefined {
  const { dir, base } = split(member.path);
  if (!base.startsWith(WHITEOUT)) return entryOf(member);
  if (base === OPAQUE) return { type: "opaque", path: dir.slice(0, -1) as BytePath };
  return base.startsWith(AUFS_OWN) ? undefined : whiteoutOf(dir, base);
}

function whiteoutOf(dir: string, base: string): Entry {
  const name = base.slice(WHITEOUT.length);
  if (name !== "" && name !== "." && name !== "..") {
    return { type: "whiteout", path: `${dir}${name}` as BytePath };
  }
  throw new BuildError(
    "INVALID_ARCHIVE",
    `Cannot read layer: "${toText(`${dir}${base}` as BytePath)}" is a whiteout of no file`,
  );
}

/** As `readLayerTar`, for any other archive: names like ".wh.x" are just names. */
export async function* readArchive(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Entry> {
  for await (const member of readTar(bytes)) yield entryOf(member);
}

function entryOf(member: ReadMember): Entry {
  const { path, target, content } = member;
  const { mode, uid, gid, mtime, xattrs, size, major, minor } = member.header;
  if (member.type === "file" && xattrs === undefined)
    return { type: "file", path, mode, uid, gid, mtime, size, content }; // most: spreading takes time
  const common = { path, mode, uid, gid, mtime, ...(xattrs === undefined ? {} : { xattrs }) };
  switch (member.type) {
    case "file":
      return { ...common, type: "file", size, content };
    case "symlink":
    case "hardlink":
      return { ...common, type: member.type, target };
    case "block":
    case "char":
      return { ...common, type: member.type, major, minor };
    case "directory":
    case "fifo":
      return { ...common, type: member.type };
  }
}
