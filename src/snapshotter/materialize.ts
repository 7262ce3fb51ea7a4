import { linkSync, mkdirSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import {
  comparePaths,
  toHostPath,
  type BytePath,
  type Changeset,
  type DeviceEntry,
  type DirectoryEntry,
  type Entry,
  type FifoEntry,
  type FileEntry,
  type HardlinkEntry,
  type SymlinkEntry,
} from "../oci/changeset.js";
import { FileStat, fileTypes } from "../sys/file-stat.js";
import { isSystemError } from "../sys/system-error.js";
import { mknod } from "../sys/inodes.js";
import { ConfinedRoot } from "./confined-root.js";
import { setTimes } from "./file-times.js";
import { FileWriter } from "./file-writer.js";
import { MetadataWriter, type Form } from "./metadata-writer.js";
import { readMetadata, sameButTime, unlistedDirectory } from "./metadata.js";
import { isWhiteout, OverlayXattrs } from "./overlay-xattrs.js";
import type { Twins } from "./twins.js";
import { explainWriting, noLinkTarget, nullDevice } from "./write-errors.js";

/** Writes a changeset into a directory, and never outside of it, whatever the entries say. */
export async function materialize(changes: Changeset, root: string, form: Form): Promise<void> {
  const materializer = new Materializer(root, form);
  for await (const _entry of materializer.write(changes));
}

/** Entries between two turns of the event loop. */
const BATCH = 256;

/** One writing of one changeset. */
export class Materializer {
  readonly #form: Form;
  readonly #overlay: OverlayXattrs;
  readonly #root: ConfinedRoot;
  readonly #metadata: MetadataWriter;
  readonly #stat = new FileStat();
  readonly #files: FileWriter;
  /** Directories get their times last: what is made in them changes those. */
  readonly #times = new Map<BytePath, number>();
  readonly #hardlinks = new Set<BytePath>();
  #exact = true;
  /** A parent was made that the changeset does not list. */
  #addedParent = false;
  /** Something went, or came, for the sake of what could not be written then. */
  #changedMore = false;

  /** What `twins` finds is not written again. */
  constructor(root: string, form: Form, twins?: Twins) {
    this.#form = form;
    this.#overlay = new OverlayXattrs(form);
    this.#root = new ConfinedRoot(root, (host, over) => {
      this.#makeParent(host, over);
    });
    this.#metadata = new MetadataWriter(form);
    this.#files = new FileWriter({
      form,
      metadata: this.#metadata,
      twins,
      inPlace: (host, create) => this.#inPlace(host, create),
    });
  }

  /** Whether the directory, walked again, gives the very changeset that was passed on. */
  get exact(): boolean {
    return this.#exact && this.lossless && !this.#root.redirected;
  }

  /** Whether the directory has all that the entries that were passed on, put in order, amount to. */
  get lossless(): boolean {
    return this.#metadata.exact && !this.#changedMore;
  }

  /**
   * Writes entry by entry, and passes each on when it is written, with content that can be read once
   * more until the next is asked for. What the kernel forbids is not passed on.
   */
  async *write(changes: Changeset): AsyncGenerator<Entry> {
    using _files = this.#files;
    let last: Entry | undefined;
    let count = 0;
    for await (const entry of changes) {
      if (last !== undefined && !isInOrder(last, entry)) this.#exact = false;
      last = entry;
      if (++count % BATCH === 0) await setImmediate();
      const written = await this.#guarded(entry);
      if (written !== undefined) yield written;
    }
    for (const [host, mtime] of this.#times) setTimes(host, mtime);
  }

  async #guarded(entry: Entry): Promise<Entry | undefined> {
    try {
      if (entry.type === "file")
        return await this.#files.write(entry, this.#root.locate(entry.path));
      return this.#nonFile(entry) ? entry : undefined;
    } catch (error) {
      throw explainWriting(error, entry.path);
    }
  }

  /** Whether it is there now. */
  #nonFile(entry: Exclude<Entry, FileEntry>): boolean {
    const host = this.#root.locate(entry.path);
    switch (entry.type) {
      case "directory":
        this.#directory(entry, host);
        break;
      case "symlink":
        this.#symlink(entry, host);
        break;
      case "hardlink":
        this.#hardlink(entry, host);
        break;
      case "block":
      case "char":
      case "fifo":
        return this.#special(entry, host);
      case "whiteout":
        this.#whiteout(host);
        break;
      case "opaque":
        this.#opaque(entry.path, host);
    }
    return true;
  }

  #directory(entry: DirectoryEntry, host: BytePath): void {
    if (entry.path === "") {
      if (this.#form.plain) return; // the user's own directory
      this.#overlay.setRootListed(host);
    } else if (this.#stat.lstat(host)) {
      this.#replaceByDirectory(host);
    } else {
      mkdirSync(toHostPath(host), 0o700);
    }
    this.#metadata.apply(entry, host);
    this.#times.set(host, entry.mtime);
  }

  /** An earlier directory stays with what is in it; a whiteout hides what lower layers have there. */
  #replaceByDirectory(host: BytePath): void {
    if (this.#stat.type === fileTypes.directory) return;
    const opaque = isWhiteout(this.#stat);
    this.#clear(host);
    mkdirSync(toHostPath(host), 0o700);
    if (opaque) this.#overlay.setOpaque(host);
  }

  /** A parent that the changeset forgot to list. */
  #makeParent(host: BytePath, over: "nothing" | "whiteout"): void {
    this.#exact = false;
    this.#addedParent = true;
    if (over === "whiteout") unlinkSync(toHostPath(host));
    mkdirSync(toHostPath(host), 0o755);
    if (over === "whiteout") this.#overlay.setOpaque(host);
    this.#metadata.apply(unlistedDirectory, host);
    this.#times.set(host, unlistedDirectory.mtime);
  }

  #symlink(entry: SymlinkEntry, host: BytePath): void {
    this.#inPlace(host, () => {
      symlinkSync(toHostPath(entry.target), toHostPath(host));
    });
    this.#metadata.apply(entry, host);
    setTimes(host, entry.mtime);
  }

  #hardlink(entry: HardlinkEntry, host: BytePath): void {
    const target = this.#root.locate(entry.target);
    if (target === host) return;
    const exists = this.#stat.lstat(target);
    if (!exists || isWhiteout(this.#stat) || this.#stat.type === fileTypes.directory)
      throw noLinkTarget(entry);
    const inode = readMetadata(target, this.#stat, (name) => this.#overlay.unescape(name));
    const same = entry.mtime === inode.mtime && sameButTime(entry, inode);
    if (this.#hardlinks.has(entry.target) || !same) this.#exact = false;
    this.#hardlinks.add(entry.path);
    this.#inPlace(host, () => {
      linkSync(toHostPath(target), toHostPath(host));
    });
    if (same) return;
    this.#metadata.apply(entry, host);
    setTimes(host, entry.mtime);
  }

  /** In a user namespace the kernel forbids devices; there they are left out, as by rootless Docker. */
  #special(entry: DeviceEntry | FifoEntry, host: BytePath): boolean {
    const { major, minor } = entry.type === "fifo" ? { major: 0, minor: 0 } : entry;
    if (entry.type === "char" && major === 0 && minor === 0) throw nullDevice(entry.path);
    const isInTheWay = this.#stat.lstat(host);
    try {
      this.#inPlace(host, () => {
        mknod(host, fileTypes[entry.type] | 0o600, major, minor);
      });
    } catch (error) {
      if (!this.#form.userNamespace || !isSystemError(error, "EPERM")) throw error;
      if (isInTheWay || this.#addedParent) this.#changedMore = true;
      return false;
    }
    this.#metadata.apply(entry, host);
    setTimes(host, entry.mtime);
    return true;
  }

  /** A whiteout removes from lower layers only: what this layer has at the same path stays. */
  #whiteout(host: BytePath): void {
    if (this.#form.plain) {
      this.#clear(host);
    } else if (!this.#stat.lstat(host)) {
      mknod(host, fileTypes.char, 0, 0);
    } else {
      this.#exact = false;
      if (this.#stat.type === fileTypes.directory) this.#overlay.setOpaque(host);
    }
  }

  #opaque(path: BytePath, host: BytePath): void {
    if (this.#form.plain) throw new Error(`opaque "${path}" has no meaning outside of a layer`);
    if (!this.#stat.lstat(host) || this.#stat.type !== fileTypes.directory) {
      this.#clear(host);
      this.#makeParent(host, "nothing");
    }
    this.#overlay.setOpaque(host);
  }

  /** Creates, and where something is in the way, replaces that. */
  #inPlace<T>(host: BytePath, create: () => T): T {
    try {
      return create();
    } catch (error) {
      if (!isSystemError(error, "EEXIST")) throw error;
      this.#clear(host);
      return create();
    }
  }

  #clear(host: BytePath): void {
    this.#exact = false;
    rmSync(toHostPath(host), { recursive: true, force: true });
    this.#root.forget();
    for (const known of this.#times.keys()) {
      if (known === host || known.startsWith(`${host}/`)) this.#times.delete(known);
    }
  }
}

function isInOrder(last: Entry, next: Entry): boolean {
  const order = comparePaths(last.path, next.path);
  return order < 0 || (order === 0 && last.type === "directory" && next.type === "opaque");
}
