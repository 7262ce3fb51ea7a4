import { readdirSync, readlinkSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import {
  toBytePath,
  toHostPath,
  type BytePath,
  type DirectoryEntry,
  type Entry,
} from "../oci/changeset.js";
import { FileStat, fileTypes } from "../sys/file-stat.js";
import { readMetadata, type Metadata } from "./metadata.js";
import { isWhiteout, type OverlayXattrs } from "./overlay-xattrs.js";
import type { PlainEntry, StateBelow } from "./state-below.js";

/**
 * The changeset that an overlay layer directory holds, in order. The root directory is an entry only
 * where it is marked as one. Sockets are no part of a layer, nor is what the state below has as well, where that
 * is given. Nobody else may write there meanwhile.
 */
export async function* overlayChanges(
  directory: string,
  overlay: OverlayXattrs,
  below?: StateBelow,
): AsyncGenerator<Entry> {
  yield* new Walk(directory, overlay, below).entries();
}

/**
 * A whole tree as a changeset: what is in a merged root filesystem, without the root directory
 * itself and without sockets.
 */
export async function* readTree(root: string): AsyncGenerator<Entry> {
  yield* new Walk(root, undefined).entries();
}

/** Entries between two turns of the event loop. */
const BATCH = 512;

/** A directory of which not all entries were looked at. */
interface OpenDirectory {
  /** Paths inside, the first one last. */
  readonly names: BytePath[];
  /** Whether it shows what layers below have in it. */
  readonly isMerged: boolean;
  /** Itself, where it is as it was, and nothing in it is known to be a change. */
  unchanged: DirectoryEntry | undefined;
}

class Walk {
  readonly #root: string;
  readonly #overlay: OverlayXattrs | undefined;
  readonly #below: StateBelow | undefined;
  readonly #stat = new FileStat();
  /** Whether what was looked at last was copied up from a layer below. */
  #isCopy = false;
  /** First path of each inode with several names. */
  readonly #linked = new Map<string, BytePath>();
  #count = 0;

  constructor(root: string, overlay: OverlayXattrs | undefined, below?: StateBelow) {
    this.#root = toBytePath(root);
    this.#overlay = overlay;
    this.#below = below;
  }

  async *entries(): AsyncGenerator<Entry> {
    const root = "" as BytePath;
    if (this.#overlay?.isRootListed(this.#root) === true) {
      this.#stat.lstat(this.#root);
      yield { ...this.#metadata(root), type: "directory" };
    }
    yield* this.#inside(root);
  }

  /** A loop over directories instead of nested generators, which would cost each entry its depth. */
  async *#inside(root: BytePath): AsyncGenerator<Entry> {
    const hidesAll = this.#isOpaque(root);
    if (hidesAll) yield { type: "opaque", path: root };
    const open: OpenDirectory[] = [
      { names: this.#names(root), isMerged: !hidesAll, unchanged: undefined },
    ];
    for (let inner = open.at(-1); inner !== undefined; inner = open.at(-1)) {
      const path = inner.names.pop();
      if (path === undefined) {
        open.pop();
        if (inner.unchanged !== undefined) this.#below?.leaveOut(inner.unchanged);
        continue;
      }
      if (++this.#count % BATCH === 0) await setImmediate();
      const entry = this.#entry(path);
      const isOpaque = entry?.type === "directory" && (await this.#hides(path));
      const showsBelow = inner.isMerged && !isOpaque;
      const asked = showsBelow ? this.#worthAsking(entry) : undefined;
      const unchanged = asked && (await this.#below?.has(asked)) === true ? asked : undefined;
      if (unchanged === undefined) {
        yield* changedNow(open);
        if (entry !== undefined) yield entry;
      } else if (unchanged.type !== "directory") {
        this.#below?.leaveOut(unchanged);
      }
      if (entry?.type !== "directory") continue;
      if (isOpaque) yield { type: "opaque", path };
      const isMerged = showsBelow && this.#isCopy;
      open.push({ names: this.#names(path), isMerged, unchanged: unchanged && entry });
    }
  }

  /** Whether a directory hides something: overlayfs marks as opaque also what was new when it got its name. */
  async #hides(directory: BytePath): Promise<boolean> {
    if (!this.#isOpaque(directory)) return false;
    if (this.#below === undefined || (await this.#below.hasPath(directory))) return true;
    this.#below.hidesNothing(directory);
    return false;
  }

  /** The entry that was just read, unless it is plain that the state below has another. Names of one file change together. */
  #worthAsking(entry: Entry | undefined): PlainEntry | undefined {
    switch (entry?.type) {
      case undefined:
      case "whiteout":
      case "opaque":
      case "hardlink":
        return undefined;
      case "directory":
        return this.#isCopy ? entry : undefined;
      case "symlink": // in a user namespace it has no attribute that would tell
        return this.#stat.nlink > 1 ? undefined : entry;
      case "file":
      case "block":
      case "char":
      case "fifo":
        if (this.#stat.nlink > 1) return undefined;
        return this.#isCopy || this.#stat.isMtimeWhole ? entry : undefined;
    }
  }

  /** Paths inside a directory, the first one last. */
  #names(directory: BytePath): BytePath[] {
    const names = readdirSync(toHostPath(this.#host(directory)), { encoding: "latin1" });
    const prefix = directory === "" ? "" : `${directory}/`;
    return names
      .sort()
      .reverse()
      .map((name) => `${prefix}${name}` as BytePath);
  }

  #host(path: BytePath): BytePath {
    return (path === "" ? this.#root : `${this.#root}/${path}`) as BytePath;
  }

  #isOpaque(path: BytePath): boolean {
    return this.#overlay?.isOpaque(this.#host(path)) === true;
  }

  /** Undefined for a socket, or for a file that is gone. */
  #entry(path: BytePath): Entry | undefined {
    this.#isCopy = false;
    const host = this.#host(path);
    const stat = this.#stat;
    if (!stat.lstat(host)) return undefined;
    const { type, size } = stat;
    if (type === fileTypes.socket) return undefined;
    if (type === fileTypes.directory) return { ...this.#metadata(path), type: "directory" };
    const device = { major: stat.deviceMajor, minor: stat.deviceMinor };
    if (this.#overlay !== undefined && isWhiteout(stat)) return { type: "whiteout", path };
    const target = this.#earlierName(path);
    const metadata = this.#metadata(path);
    if (target !== undefined) return { ...metadata, type: "hardlink", target };
    switch (type) {
      case fileTypes.symlink:
        return { ...metadata, type: "symlink", target: readLink(host) };
      case fileTypes.char:
        return { ...metadata, type: "char", ...device };
      case fileTypes.block:
        return { ...metadata, type: "block", ...device };
      case fileTypes.fifo:
        return { ...metadata, type: "fifo" };
      default:
        return {
          ...metadata,
          type: "file",
          size,
          content: { kind: "file", path: host, offset: 0 },
        };
    }
  }

  #metadata(path: BytePath): Metadata & { readonly path: BytePath } {
    const overlay = this.#overlay;
    const rename = (name: string): string | undefined => {
      if (overlay === undefined) return name;
      if (overlay.isOrigin(name)) this.#isCopy = true;
      return overlay.unescape(name);
    };
    return { path, ...readMetadata(this.#host(path), this.#stat, rename) };
  }

  #earlierName(path: BytePath): BytePath | undefined {
    if (this.#stat.nlink < 2) return undefined;
    const inode = `${this.#stat.filesystem} ${this.#stat.inode}`;
    const earlier = this.#linked.get(inode);
    if (earlier === undefined) this.#linked.set(inode, path);
    return earlier;
  }
}

/** Directories that are as they were are on the way to a change now. */
function* changedNow(open: readonly OpenDirectory[]): Generator<Entry> {
  for (const directory of open) {
    if (directory.unchanged !== undefined) yield directory.unchanged;
    directory.unchanged = undefined;
  }
}

function readLink(host: BytePath): BytePath {
  return readlinkSync(toHostPath(host), { encoding: "latin1" }) as BytePath;
}
