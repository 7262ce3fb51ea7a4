import type { Brand } from "./digest.js";

/**
 * A path or name as raw bytes: each UTF-16 unit is one byte, 0 to 255 ("latin1"). File names on Linux
 * are bytes, not text; this way any name survives and `<` compares bytes.
 * In a changeset: relative to the root, no leading or trailing "/", no "." or ".."; the root is "".
 */
export type BytePath = Brand<string, "BytePath">;

/** The bytes of a regular file, read when a sink wants them. */
export type Content =
  /** Held in memory. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** `size` bytes from `offset` of a host file; opened without following a symlink at its end. */
  | {
      readonly kind: "file";
      readonly path: BytePath;
      readonly offset: number;
      /** Where others may write: reading fails when the file is no longer this one. */
      readonly version?: FileVersion | undefined;
    }
  /** Readable once, and only before the next entry is asked for (a member of a tar stream). */
  | { readonly kind: "stream"; readonly stream: AsyncIterable<Uint8Array> };

/** What tells a host file from any other, and from itself at another time. */
export interface FileVersion {
  readonly inode: number;
  readonly ctimeMs: number;
  /** Else it may have changed within the same tick of the clock: then its digest decides. */
  readonly settled: boolean;
}

interface Named {
  readonly path: BytePath;
}

interface Metadata extends Named {
  /** Permission bits with setuid, setgid and sticky: 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Whole seconds since the epoch; never part of a key. */
  readonly mtime: number;
  /** Extended attributes by full name ("security.capability"); values are binary. */
  readonly xattrs?: ReadonlyMap<string, Uint8Array> | undefined;
}

/** A directory that is made, or whose metadata changes. */
export interface DirectoryEntry extends Metadata {
  readonly type: "directory";
}

/** A regular file with its content. */
export interface FileEntry extends Metadata {
  readonly type: "file";
  /** In bytes. */
  readonly size: number;
  readonly content: Content;
  /** SHA-256 of the content in hex, when the source already knows it (the file index). */
  readonly sha256?: string | undefined;
}

/** A symbolic link; its target is as written. */
export interface SymlinkEntry extends Metadata {
  readonly type: "symlink";
  /** Stored as is: may be absolute, dangling or climb with "..". */
  readonly target: BytePath;
}

/** Another name of an earlier entry of the same changeset. */
export interface HardlinkEntry extends Metadata {
  readonly type: "hardlink";
  /** The path of that earlier entry. */
  readonly target: BytePath;
}

/** A character or block device. */
export interface DeviceEntry extends Metadata {
  readonly type: "block" | "char";
  readonly major: number;
  readonly minor: number;
}

/** A named pipe. */
export interface FifoEntry extends Metadata {
  readonly type: "fifo";
}

/** `path` of the layers below is removed (image-spec, layer.md, "Whiteouts"). */
export interface WhiteoutEntry extends Named {
  readonly type: "whiteout";
}

/** Everything below directory `path` in the layers below is hidden ("Opaque Whiteout"). */
export interface OpaqueEntry extends Named {
  readonly type: "opaque";
}

/** One line of a changeset. */
export type Entry =
  | DirectoryEntry
  | FileEntry
  | SymlinkEntry
  | HardlinkEntry
  | DeviceEntry
  | FifoEntry
  | WhiteoutEntry
  | OpaqueEntry;

/**
 * What turns one filesystem state into the next (image-spec, layer.md, "Changesets"): the one
 * currency between contexts, stages, layers, tars and registries. Entries come in `comparePaths`
 * order, each path once, an opaque entry right after its directory. A directory on the way to a
 * change is listed with the metadata it has. The one exception are foreign layer tars, which come in
 * whatever order they have.
 */
export type Changeset = AsyncIterable<Entry> | Iterable<Entry>;

/** Entries that are all known, and may be gone through more than once. */
export interface EntryList extends Iterable<Entry> {
  readonly length: number;
}

/**
 * Orders paths component by component, that is with "/" before every other byte, so that a sorted
 * tree walk is in order and a directory comes right before what is inside it.
 */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    if (x === SLASH) return -1;
    if (y === SLASH) return 1;
    return x - y;
  }
  return a.length - b.length;
}

const SLASH = 0x2f;

/** Text (UTF-16) to the bytes that name it on disk (UTF-8). */
export function toBytePath(text: string): BytePath {
  return (isAscii(text) ? text : Buffer.from(text, "utf8").toString("latin1")) as BytePath;
}

/** For messages: the name as UTF-8 text, with U+FFFD where it is none. */
export function toText(path: BytePath): string {
  return isAscii(path) ? path : Buffer.from(path, "latin1").toString("utf8");
}

/** For `node:fs`: the cheap string where every byte is ASCII, else the bytes. */
export function toHostPath(path: BytePath): string | Buffer {
  return isAscii(path) ? path : Buffer.from(path, "latin1");
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
