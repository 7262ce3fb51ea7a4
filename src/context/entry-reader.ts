import type { BytePath, Content, Entry, FileEntry, FileVersion } from "../oci/changeset.js";
import type { ContentSpool } from "../oci/content-spool.js";
import { fileTypes, FileStat } from "../sys/file-stat.js";
import { joinPath, type ConfinedDirectory } from "./confined.js";
import { emptySha256, hashLarge, readSmall, smallFile } from "./hash-file.js";
import type { FileIndex } from "./file-index.js";
import type { Onlooker } from "./look.js";
import type { ReadingBatch } from "./reading-batch.js";
import { ReadingQueue } from "./reading-queue.js";
import { tickOf } from "./tick.js";

/** Bytes of small files that are kept: a disk should not need room for very much of a context twice. */
const MOST_KEPT = 2 ** 29;

/** After so many files that nobody has read before, another thread is worth its start, which takes as long as 3,000. */
const MANY = 1_000;

/** A name in an open directory, and what its path is. */
export interface Place {
  readonly directory: ConfinedDirectory;
  readonly name: BytePath;
  /** From the root of the tree. */
  readonly path: BytePath;
  /** In the changeset. */
  readonly entryPath: BytePath;
}

type Metadata = Pick<Entry & { type: "fifo" }, "path" | "mode" | "uid" | "gid" | "mtime">;

/** What else is known of a file before its digest. */
interface Facts {
  readonly inode: string | undefined;
  readonly version: FileVersion | undefined;
}

/** What is known of a file's content. */
interface Known {
  /** Where it is if not in the file. */
  readonly content?: Content | undefined;
  readonly sha256?: string;
}

/** An entry, and for a file with several names what identifies it. */
export interface Read {
  readonly entry: Entry;
  readonly inode: string | undefined;
  /** Told where the entry is kept, before anything else is read: its digest is still to come. */
  readonly late?: Pick<ReadingBatch, "keptIn">;
}

/** What files are read with. */
export interface EntryReading {
  /** Host path of the tree. */
  readonly root: BytePath;
  readonly index: FileIndex | undefined;
  /** Keeps what is read of small files. */
  readonly spool: ContentSpool | undefined;
  /** The script of a thread that may read beside this one. */
  readonly thread: string | undefined;
  readonly onlooker: Pick<Onlooker, "see"> | undefined;
}

/** Turns files into entries, with digests; what has several names is read once. */
export class EntryReader {
  readonly #root: BytePath;
  readonly #index: FileIndex | undefined;
  readonly #spool: ContentSpool | undefined;
  readonly #thread: string | undefined;
  readonly #onlooker: EntryReading["onlooker"];
  #queue: ReadingQueue | undefined;
  /** Small files that were read at once. */
  #readFiles = 0;
  readonly #stat = new FileStat();
  /** Files with several names. */
  readonly #inodes = new Map<string, FileEntry>();

  constructor({ root, index, spool, thread, onlooker }: EntryReading) {
    this.#root = root;
    this.#index = index;
    this.#spool = spool;
    this.#thread = thread;
    this.#onlooker = onlooker;
  }

  /**
   * Undefined when there is nothing (any more), or no directory where one is wanted. A promise only
   * for a large file that has to be hashed: with one for each of 50,000 files, a scan takes twice
   * as long. Wait for it before the next call.
   */
  read(place: Place, wants: "anything" | "directory"): Read | undefined | Promise<Read> {
    const stat = this.#stat;
    if (!place.directory.lstat(place.name, stat)) return undefined;
    if (wants === "directory" && stat.type !== fileTypes.directory) return undefined;
    this.#onlooker?.see(place.name, stat);
    if (stat.type === fileTypes.file) return this.#file(place);
    const entry = this.#special(place);
    return entry === undefined ? undefined : { entry, inode: undefined };
  }

  /** What `selecting` gives, once all files that it looked at are read. What failed first in their order is thrown. */
  async whole<T>(selecting: Promise<T>): Promise<T> {
    try {
      return await selecting;
    } finally {
      await this.#queue?.finish();
    }
  }

  #special(place: Place): Entry | undefined {
    const { directory, name } = place;
    const metadata = this.#metadata(place);
    switch (this.#stat.type) {
      case fileTypes.directory:
        return { type: "directory", ...metadata };
      case fileTypes.symlink:
        return { type: "symlink", ...metadata, target: directory.readLink(name) };
      case fileTypes.socket:
        return emptyFile(metadata);
      case fileTypes.fifo:
        return { type: "fifo", ...metadata };
      case fileTypes.block:
        return { type: "block", ...metadata, ...this.#device() };
      case fileTypes.char:
        return { type: "char", ...metadata, ...this.#device() };
      default:
        throw new Error(`no such file type: 0o${this.#stat.type.toString(8)}`);
    }
  }

  #file(place: Place): Read | Promise<Read> {
    const stat = this.#stat;
    const inode = stat.nlink < 2 ? undefined : `${stat.filesystem} ${stat.inode}`;
    const seen = inode === undefined ? undefined : this.#inodes.get(inode);
    if (seen !== undefined) return { entry: { ...seen, path: place.entryPath }, inode };
    const version = this.#version(); // before the content is read
    const known = this.#index?.lookup(stat);
    const facts = { inode, version };
    if (known !== undefined) return this.#hashed(place, facts, known);
    if (stat.size > smallFile) return this.#largeFile(place, facts);
    const spool = version.settled && this.#hasRoom() ? this.#spool : undefined;
    const queue = inode === undefined && stat.size > 0 ? this.#queueFor(spool) : undefined;
    if (queue !== undefined) return this.#late(place, version, queue);
    const { sha256, bytes } = readSmall(place, stat.size, spool && version);
    this.#index?.record(stat, sha256);
    return this.#hashed(place, facts, sha256, bytes && spool?.add(bytes));
  }

  #queueFor(spool: ContentSpool | undefined): ReadingQueue | undefined {
    if (spool === undefined || this.#thread === undefined) return undefined;
    if (this.#queue === undefined && this.#readFiles++ < MANY) return undefined;
    return (this.#queue ??= new ReadingQueue({ spool, index: this.#index, script: this.#thread }));
  }

  #late(place: Place, version: FileVersion, queue: ReadingQueue): Read {
    const { directory, name, path } = place;
    const { size } = this.#stat;
    const reserved = this.#index?.reserve(this.#stat) ?? 0;
    const late = queue.add({ directory, name, path, size, version, reserved });
    return { entry: this.#entry(place, version, {}), inode: undefined, late };
  }

  #hasRoom(): boolean {
    return this.#spool !== undefined && this.#spool.size < MOST_KEPT;
  }

  async #largeFile(place: Place, facts: Facts): Promise<Read> {
    const sha256 = await hashLarge(place, this.#stat.size);
    this.#index?.record(this.#stat, sha256);
    return this.#hashed(place, facts, sha256);
  }

  #hashed(place: Place, { inode, version }: Facts, sha256: string, kept?: Content): Read {
    const entry = this.#entry(place, version, { content: kept, sha256 });
    if (inode !== undefined) this.#inodes.set(inode, entry);
    return { entry, inode };
  }

  /** In one literal: a spread would take as long as all else that is done here. */
  #entry(
    { path, entryPath }: Place,
    version: FileVersion | undefined,
    { content, sha256 }: Known,
  ): FileEntry {
    const stat = this.#stat;
    return {
      type: "file",
      path: entryPath,
      mode: stat.permissions,
      uid: 0,
      gid: 0,
      mtime: stat.mtimeSeconds,
      size: stat.size,
      content: content ?? { kind: "file", path: joinPath(this.#root, path), offset: 0, version },
      sha256,
    };
  }

  #version(): FileVersion {
    const { ino: inode, ctimeMilliseconds: ctimeMs } = this.#stat;
    return { inode, ctimeMs, settled: ctimeMs < Date.now() - tickOf(ctimeMs) };
  }

  #metadata({ entryPath }: Place): Metadata {
    const stat = this.#stat;
    return {
      path: entryPath,
      mode: stat.permissions,
      uid: 0,
      gid: 0,
      mtime: stat.mtimeSeconds,
    };
  }

  #device(): { major: number; minor: number } {
    return { major: this.#stat.deviceMajor, minor: this.#stat.deviceMinor };
  }
}

function emptyFile(metadata: Metadata): Entry {
  const content = { kind: "bytes", bytes: new Uint8Array() } as const;
  return { type: "file", ...metadata, size: 0, content, sha256: emptySha256 };
}
