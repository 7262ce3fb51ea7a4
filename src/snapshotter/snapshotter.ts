import type { Brand, Digest } from "../oci/digest.js";
import type { Changeset, Entry } from "../oci/changeset.js";
import type { FileTree } from "../oci/file-tree.js";
import type { StandIns } from "./stand-ins.js";

/** Names a committed layer on this machine: short, so that many fit into overlay's mount options. */
export type LayerId = Brand<string, "LayerId">;

/** The layers of a filesystem state, base first. Empty: an empty root. */
export type LayerChain = readonly LayerId[];

/**
 * Content address of a changeset: path, type, mode, owner, size, content, link target, device
 * numbers and xattrs of every entry in order, but no mtime. Hex SHA-256 (docs/cache.md).
 */
export type TreeDigest = Brand<string, "TreeDigest">;

/** What is known of a layer once its bytes have been seen. */
export interface LayerMeasure {
  /** SHA-256 of the uncompressed layer tar (image-spec, config.md, "diff_ids"). */
  readonly diffId: Digest;
  readonly tree: TreeDigest;
  /** Bytes of the uncompressed layer tar. */
  readonly size: number;
}

/** What is known of changes before they are drafted. */
export interface KnownChanges {
  /** A published layer that is likely to hold most of the same files: they are read from there. */
  readonly similar?: LayerId | undefined;
  /** Of a list whose files all come with their SHA-256: the caller vouches for it, so that a driver need not find it out once more. */
  readonly tree?: TreeDigest | undefined;
}

/** What becomes of a layer whose names all stay. */
export interface Replacement {
  /** Files that come in place of files, and directories in place of directories, of the same names; in order. */
  readonly entries: Iterable<Entry>;
  /** Of the result, for which the caller vouches: once that is known. */
  readonly tree: Promise<TreeDigest>;
}

/**
 * Hands out filesystem states. A layer is a draft (private to this process, unnamed) until it is
 * published under an id; then it is immutable, fit to be a parent, and never a draft again.
 * Chains are the caller's: a layer does not know what it lies upon, so that a COPY layer survives a
 * new base. Every mount lives in this process's mount namespace and ends with it.
 */
export interface Snapshotter {
  /** As TSBUILD_SNAPSHOTTER names it. */
  readonly name: string;
  /** Starts a writable child of `parent`, which shows stand-ins where there is a place for them. */
  prepare(parent: LayerChain, standIns?: StandIns): Promise<ActiveSnapshot>;
  /**
   * Makes a draft straight from a changeset in order; nothing is mounted. Content is read once.
   */
  ingest(changes: Changeset, known?: KnownChanges, signal?: AbortSignal): Promise<DraftLayer>;
  /**
   * Makes a draft of what `base`, a published layer, becomes by `changes`, sooner than `ingest` would. Undefined where this driver
   * cannot do that, or not with that layer or these changes: then `ingest` can.
   */
  replace(
    base: LayerId,
    changes: Replacement,
    signal?: AbortSignal,
  ): Promise<DraftLayer | undefined>;
  /**
   * Makes a draft of a layer from elsewhere: the bytes of its uncompressed tar, which may be in any order
   * and with repeats. What is measured are these bytes, and the tree that they amount to.
   */
  ingestTar(tar: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<DraftLayer>;
  /**
   * Does ahead of `prepare` what does not depend on the parent. Where that is known, begins with all of it, the mount on
   * another thread: whoever asks for the same next is given that.
   */
  getReady(parent?: LayerChain, standIns?: StandIns): void;
  /** Shows a state read-only: the host path of its root directory. Asking twice is cheap. */
  view(chain: LayerChain): Promise<string>;
  /** The same files to be asked for one by one; nothing is mounted, and nothing needs to be closed. */
  files(chain: LayerChain): Promise<FileTree>;
  /** A published layer as the changeset it was made from, in order. */
  changes(id: LayerId): Changeset;
  /** The same as the bytes of a tar: those that were measured, but for a tar from elsewhere. */
  tar(id: LayerId): AsyncIterable<Uint8Array>;
  /** Tells whether `id` is published. A missing one is `false`, not an error. */
  has(id: LayerId): Promise<boolean>;
  /** Removes a published layer; succeeds when already gone. The caller knows that nobody needs it. */
  remove(id: LayerId): Promise<void>;
  /** Every published id, in no order. */
  list(): Promise<readonly LayerId[]>;
  /**
   * Begins to take away what was mounted for steps, of which none runs: the kernel takes its time, best while
   * other work goes on. What is asked for later is mounted again.
   */
  release(): void;
  /** Waits until what was dropped is gone from the disk: that happens while other work goes on. */
  settled(): Promise<void>;
}

/** Disposing before `commit` drops the changes; disposing after does nothing. */
export interface ActiveSnapshot extends AsyncDisposable {
  /** Host path of the mounted, writable root directory. */
  readonly root: string;
  /**
   * Host path of the directory that collects the changes (overlayfs "upperdir"). To be touched only
   * after `unmount`. The directory that it is in goes with this snapshot, too.
   */
  readonly upper: string;
  /** Whether there is no room left for changes, because they are collected in memory. */
  isFull(): boolean;
  /** Gives the mount up, so that `upper` may be tidied before the commit. Idempotent. */
  unmount(): Promise<void>;
  /** Unmounts, and turns what was written into a draft. */
  commit(signal?: AbortSignal): Promise<DraftLayer>;
}

/** A finished layer that nobody else sees yet. Disposing before `publish` removes it. */
export interface DraftLayer extends AsyncDisposable {
  readonly measure: LayerMeasure;
  /** Makes it visible as `id`, by one rename. */
  publish(id: LayerId): Promise<void>;
  /** Brings what was published to the disk: only then may a record of it be kept. */
  persist(): Promise<void>;
}
