import { joinPath, parentOf } from "../context/confined.js";
import { resolveLinks } from "../context/resolve-links.js";
import type { Rootfs, RootfsNode } from "../context/rootfs.js";
import { BuildError } from "../error.js";
import {
  toText,
  type BytePath,
  type DirectoryEntry,
  type Entry,
  type EntryList,
} from "../oci/changeset.js";
import type { File } from "./placed-file.js";
import { PlacedFiles } from "./placed-files.js";

/** What directories get that have to be made on the way. */
export type CreatedMetadata = Pick<DirectoryEntry, "mode" | "uid" | "gid" | "mtime">;

interface PlacedDirectory {
  readonly entry: DirectoryEntry;
  /** The root filesystem may have something below it. */
  readonly onRootfs: boolean;
  /** What the root filesystem has below it is hidden. */
  readonly opaque: boolean;
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
  readonly #directories = new Map<BytePath, PlacedDirectory>();
  readonly #files = new PlacedFiles();

  constructor(rootfs: Rootfs, created: CreatedMetadata) {
    this.#rootfs = rootfs;
    this.#created = created;
  }

  /** The real path behind `path`, with what is placed already; links never lead out of the root. */
  resolve(path: BytePath): BytePath {
    if (this.#directories.size === 0 && this.#files.isEmpty) return this.#rootfs.resolve(path);
    return resolveLinks(path, (link) => this.#readLink(link));
  }

  /** The same for a path below a real directory that, too, links do not lead out of. */
  resolveBelow(directory: BytePath, path: BytePath): BytePath {
    const real = resolveLinks(path, (link) => this.#readLink(joinPath(directory, link)));
    return joinPath(directory, real);
  }

  #readLink(path: BytePath): BytePath | undefined {
    if (this.#directories.has(path)) return undefined;
    const file = this.#files.get(path);
    if (file === undefined) return this.#below(path)?.target;
    return file.type === "symlink" ? file.target : undefined;
  }

  at(path: BytePath): At {
    if (path === "") return "directory";
    if (this.#directories.has(path)) return "directory";
    const file = this.#files.get(path);
    if (file === undefined) return this.#below(path)?.type;
    return file.type === "symlink" ? "symlink" : "other";
  }

  /**
   * Lists `path` and the directories above it: with the metadata they have, or made where missing,
   * as `made` says where it does.
   */
  ensureDirectory(path: BytePath, made: Partial<CreatedMetadata> = {}): void {
    if (path === "" || this.#directories.has(path)) return;
    this.ensureDirectory(parentOf(path), made);
    if (this.#files.has(path)) throw notDirectory(path);
    const node = this.#below(path);
    if (node !== undefined && node.type !== "directory") throw notDirectory(path);
    const found = node ?? { ...this.#created, ...made, xattrs: undefined };
    const { mode, uid, gid, mtime, xattrs } = found;
    const entry: DirectoryEntry = { type: "directory", path, mode, uid, gid, mtime, xattrs };
    this.#directories.set(path, { entry, onRootfs: node !== undefined, opaque: false });
  }

  /** Gives a listed directory the time of the one whose contents it takes (SEMANTICS C04). */
  setTime(path: BytePath, mtime: number): void {
    const placed = this.#directories.get(path);
    if (placed === undefined) return;
    this.#directories.set(path, { ...placed, entry: { ...placed.entry, mtime } });
  }

  /** Places a directory with its own metadata; one that exists is merged into. */
  putDirectory(entry: DirectoryEntry): void {
    const { path } = entry;
    if (this.#files.has(path)) throw notDirectory(path);
    const placed = this.#directories.get(path);
    const node = placed === undefined ? this.#below(path) : undefined;
    if (node !== undefined && node.type !== "directory") throw notDirectory(path);
    const { onRootfs, opaque } = placed ?? { onRootfs: node !== undefined, opaque: false };
    const xattrs = merged((placed?.entry ?? node)?.xattrs, entry.xattrs);
    this.#directories.set(path, { entry: { ...entry, xattrs }, onRootfs, opaque });
  }

  /** As `putDirectory`, but of one that exists only the mode becomes another (SEMANTICS C17). */
  passDirectory(entry: DirectoryEntry, mode: number): void {
    if (this.at(entry.path) !== "directory") {
      this.putDirectory(entry);
      return;
    }
    this.ensureDirectory(entry.path);
    const placed = this.#directories.get(entry.path);
    if (placed === undefined) return;
    this.#directories.set(entry.path, { ...placed, entry: { ...placed.entry, mode } });
  }

  /** A directory that is placed. */
  directory(path: BytePath): DirectoryEntry {
    const placed = this.#directories.get(path);
    if (placed === undefined) throw new Error(`no directory was placed at ${path}`);
    return placed.entry;
  }

  /** Whether a directory is placed where the root filesystem has none: then it has nothing below it either. */
  isNew(path: BytePath): boolean {
    return this.#directories.get(path)?.onRootfs === false;
  }

  /** Fails where no file can be placed. */
  checkFile(path: BytePath): void {
    if (this.at(path) === "directory") throw isDirectory(path);
  }

  /** Places what is not a directory, in place of whatever else is there but a directory. */
  putFile(path: BytePath, file: File): void {
    this.checkFile(path);
    this.#files.put(path, file);
  }

  /** As `putFile`, of one more name for the file that was placed at `target`; false where none was. */
  putLink(path: BytePath, target: BytePath): boolean {
    this.checkFile(path);
    return this.#files.link(path, target);
  }

  /** As `putDirectory`, but in place of a file or a link. */
  replaceByDirectory(entry: DirectoryEntry): void {
    if (this.at(entry.path) === "directory") {
      this.putDirectory(entry);
      return;
    }
    // A file that this layer put over a directory: what that held must not show again.
    const opaque = this.#below(entry.path)?.type === "directory";
    this.#files.remove(entry.path);
    this.#directories.set(entry.path, { entry, onRootfs: false, opaque });
  }

  /** As `putFile`, but in place of a directory, too. */
  replaceByFile(path: BytePath, file: File): void {
    this.#removeDirectory(path);
    this.#files.put(path, file);
  }

  /** As `putLink`, but in place of a directory, too. */
  replaceByLink(path: BytePath, target: BytePath): boolean {
    if (!this.#files.link(path, target)) return false;
    this.#removeDirectory(path);
    return true;
  }

  #removeDirectory(path: BytePath): void {
    if (!this.#directories.delete(path)) return;
    this.#files.removeBelow(path);
    for (const other of this.#directories.keys())
      if (other.startsWith(`${path}/`)) this.#directories.delete(other);
  }

  /** The layer, in `comparePaths` order. */
  entries(): EntryList {
    const directories = new Map<BytePath, readonly Entry[]>();
    for (const [path, { entry, opaque }] of this.#directories)
      directories.set(path, opaque ? [entry, { type: "opaque", path }] : [entry]);
    return this.#files.among(directories);
  }

  /** What the root filesystem shows at a path where nothing is placed. */
  #below(path: BytePath): RootfsNode | undefined {
    for (let above = parentOf(path); above !== ""; above = parentOf(above)) {
      if (this.#files.has(above)) return undefined;
      const placed = this.#directories.get(above);
      if (placed === undefined) continue;
      if (!placed.onRootfs) return undefined;
      break;
    }
    return this.#rootfs.lstat(path);
  }
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
  return new BuildError("COPY", `Cannot enter "/${toText(path)}": it is not a directory`);
}

function isDirectory(path: BytePath): BuildError {
  return new BuildError("COPY", `Cannot replace directory "/${toText(path)}" with a file`);
}
