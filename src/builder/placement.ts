import { joinPath, parentOf } from "../context/confined.js";
import { resolveLinks } from "../context/resolve-links.js";
import type { Rootfs, RootfsNode } from "../context/rootfs.js";
import { BuildError } from "../error.js";
import {
  comparePaths,
  toText,
  type BytePath,
  type DirectoryEntry,
  type Entry,
  type HardlinkEntry,
  type OpaqueEntry,
  type WhiteoutEntry,
} from "../oci/changeset.js";

/** What a file is; that several paths name it is told by sharing one of these. */
export type File = Exclude<Entry, DirectoryEntry | HardlinkEntry | OpaqueEntry | WhiteoutEntry>;

/** What directories get that have to be made on the way. */
export type CreatedMetadata = Pick<DirectoryEntry, "mode" | "uid" | "gid" | "mtime">;

interface PlacedDirectory {
  readonly kind: "directory";
  readonly entry: DirectoryEntry;
  /** The root filesystem may have something below it. */
  readonly onRootfs: boolean;
  /** What the root filesystem has below it is hidden. */
  readonly opaque: boolean;
}

interface PlacedFile {
  readonly kind: "file";
  readonly file: File;
}

/** What is at a path of the state that the new layer and the root filesystem give together. */
export type At = "directory" | "symlink" | "other" | undefined;

/**
 * A layer in the making, over a root filesystem. Paths are real ones of the two together: see
 * `resolve`. The root itself always exists and is never listed: each layer has one.
 */
export class Placement {
  readonly #rootfs: Rootfs;
  readonly #created: CreatedMetadata;
  readonly #placed = new Map<BytePath, PlacedDirectory | PlacedFile>();

  constructor(rootfs: Rootfs, created: CreatedMetadata) {
    this.#rootfs = rootfs;
    this.#created = created;
  }

  /** The real path behind `path`, with what is placed already; links never lead out of the root. */
  resolve(path: BytePath): BytePath {
    if (this.#placed.size === 0) return this.#rootfs.resolve(path);
    return resolveLinks(path, (link) => this.#readLink(link));
  }

  /** The same for a path below a real directory that, too, links do not lead out of. */
  resolveBelow(directory: BytePath, path: BytePath): BytePath {
    const real = resolveLinks(path, (link) => this.#readLink(joinPath(directory, link)));
    return joinPath(directory, real);
  }

  #readLink(path: BytePath): BytePath | undefined {
    const placed = this.#placed.get(path);
    if (placed === undefined) return this.#below(path)?.target;
    return placed.kind === "file" && placed.file.type === "symlink"
      ? placed.file.target
      : undefined;
  }

  at(path: BytePath): At {
    if (path === "") return "directory";
    const placed = this.#placed.get(path);
    if (placed === undefined) return this.#below(path)?.type;
    if (placed.kind === "directory") return "directory";
    return placed.file.type === "symlink" ? "symlink" : "other";
  }

  /** The file that was placed at `path`, for giving it another name. */
  fileAt(path: BytePath): File | undefined {
    const placed = this.#placed.get(path);
    return placed?.kind === "file" ? placed.file : undefined;
  }

  /**
   * Lists `path` and the directories above it: with the metadata they have, or made where missing,
   * as `made` says where it does.
   */
  ensureDirectory(path: BytePath, made: Partial<CreatedMetadata> = {}): void {
    if (path === "" || this.#placed.get(path)?.kind === "directory") return;
    this.ensureDirectory(parentOf(path), made);
    if (this.#placed.has(path)) throw notDirectory(path);
    const node = this.#below(path);
    if (node !== undefined && node.type !== "directory") throw notDirectory(path);
    const found = node ?? { ...this.#created, ...made, xattrs: undefined };
    const { mode, uid, gid, mtime, xattrs } = found;
    const entry: DirectoryEntry = { type: "directory", path, mode, uid, gid, mtime, xattrs };
    this.#placed.set(path, {
      kind: "directory",
      entry,
      onRootfs: node !== undefined,
      opaque: false,
    });
  }

  /** Gives a listed directory the time of the one whose contents it takes (SEMANTICS C04). */
  setTime(path: BytePath, mtime: number): void {
    const placed = this.#placed.get(path);
    if (placed?.kind !== "directory") return;
    this.#placed.set(path, { ...placed, entry: { ...placed.entry, mtime } });
  }

  /** Places a directory with its own metadata; one that exists is merged into. */
  putDirectory(entry: DirectoryEntry): void {
    const { path } = entry;
    const placed = this.#placed.get(path);
    if (placed?.kind === "file") throw notDirectory(path);
    const node = placed ?? this.#below(path);
    if (node === undefined) {
      this.#placed.set(path, { kind: "directory", entry, onRootfs: false, opaque: false });
      return;
    }
    if ("type" in node && node.type !== "directory") throw notDirectory(path);
    const before = "kind" in node ? node.entry.xattrs : node.xattrs;
    const { onRootfs, opaque } = placed ?? { onRootfs: true, opaque: false };
    const xattrs = merged(before, entry.xattrs);
    this.#placed.set(path, { kind: "directory", entry: { ...entry, xattrs }, onRootfs, opaque });
  }

  /** As `putDirectory`, but of one that exists only the mode becomes another (SEMANTICS C17). */
  passDirectory(entry: DirectoryEntry, mode: number): void {
    if (this.at(entry.path) !== "directory") {
      this.putDirectory(entry);
      return;
    }
    this.ensureDirectory(entry.path);
    const placed = this.#placed.get(entry.path);
    if (placed?.kind !== "directory") return;
    this.#placed.set(entry.path, { ...placed, entry: { ...placed.entry, mode } });
  }

  /** Places what is no directory, in place of whatever else is there but a directory. */
  putFile(path: BytePath, file: File): void {
    if (this.at(path) === "directory") throw isDirectory(path);
    this.#placed.set(path, { kind: "file", file });
  }

  /** As `putDirectory`, but in place of a file or a link. */
  replaceByDirectory(entry: DirectoryEntry): void {
    if (this.at(entry.path) === "directory") {
      this.putDirectory(entry);
      return;
    }
    // A file that this layer put over a directory: what that held must not show again.
    const opaque = this.#below(entry.path)?.type === "directory";
    this.#placed.set(entry.path, { kind: "directory", entry, onRootfs: false, opaque });
  }

  /** As `putFile`, but in place of a directory, too. */
  replaceByFile(path: BytePath, file: File): void {
    if (this.#placed.get(path)?.kind === "directory") {
      const inside = [...this.#placed.keys()].filter((other) => other.startsWith(`${path}/`));
      for (const other of inside) this.#placed.delete(other);
    }
    this.#placed.set(path, { kind: "file", file });
  }

  /** The layer, in `comparePaths` order. */
  entries(): readonly Entry[] {
    const firstNames = new Map<File, BytePath>();
    const entries: Entry[] = [];
    for (const [path, placed] of [...this.#placed].sort(([a], [b]) => comparePaths(a, b))) {
      if (placed.kind === "directory") {
        entries.push(placed.entry);
        if (placed.opaque) entries.push({ type: "opaque", path });
        continue;
      }
      const { file } = placed;
      const target = firstNames.get(file);
      entries.push(target === undefined ? renamed(file, path) : hardlink(path, target, file));
      if (target === undefined) firstNames.set(file, path);
    }
    return entries;
  }

  /** What the root filesystem shows at a path where nothing is placed. */
  #below(path: BytePath): RootfsNode | undefined {
    for (let above = parentOf(path); above !== ""; above = parentOf(above)) {
      const placed = this.#placed.get(above);
      if (placed === undefined) continue;
      if (placed.kind === "file" || !placed.onRootfs) return undefined;
      break;
    }
    return this.#rootfs.lstat(path);
  }
}

/** Tells files from directories, and from what only says something about another path. */
export function isFile(entry: Entry): entry is File {
  switch (entry.type) {
    case "directory":
    case "hardlink":
    case "opaque":
    case "whiteout":
      return false;
    case "block":
    case "char":
    case "fifo":
    case "file":
    case "symlink":
      return true;
  }
}

function renamed(file: File, path: BytePath): File {
  return file.path === path ? file : { ...file, path };
}

function hardlink(path: BytePath, target: BytePath, file: File): HardlinkEntry {
  const { mode, uid, gid, mtime } = file;
  return { type: "hardlink", path, target, mode, uid, gid, mtime };
}

function merged(
  before: DirectoryEntry["xattrs"],
  after: DirectoryEntry["xattrs"],
): DirectoryEntry["xattrs"] {
  return before === undefined || after === undefined
    ? (before ?? after)
    : new Map([...before, ...after]);
}

function notDirectory(path: BytePath): BuildError {
  return new BuildError("COPY", `Cannot copy to "/${toText(path)}": it is not a directory`);
}

function isDirectory(path: BytePath): BuildError {
  return new BuildError("COPY", `Cannot replace directory "/${toText(path)}" with a file`);
}
