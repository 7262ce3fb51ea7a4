import { unmount } from "../sys/syscalls.js";
import type { MemoryDirectory } from "./memory-directory.js";
import type { Metadata } from "./metadata.js";
import type { OverlayXattrs } from "./overlay-xattrs.js";
import { removeTree } from "./remove-tree.js";
import { listChangedRoot } from "./root-directory.js";
import type { ActiveSnapshot, DraftLayer } from "./snapshotter.js";

/** Where a RUN's changes are, once its overlay is unmounted. */
export interface CollectedChanges {
  /** Holds `upper`, and goes with the draft. */
  readonly workspace: string;
  /** In overlayfs form. */
  readonly upper: string;
  /** What `upper` is in, when that is not on the disk; whoever takes the changes disposes it. */
  readonly memory: MemoryDirectory | undefined;
}

/** Turns collected changes into a draft, which owns the workspace from then on. */
export type CommitUpper = (changes: CollectedChanges, signal?: AbortSignal) => Promise<DraftLayer>;

export interface OverlayActiveOptions extends CollectedChanges {
  readonly root: string;
  readonly commit: CommitUpper;
  readonly overlay: OverlayXattrs;
  /** What `upper` was given to begin with. */
  readonly rootMetadata: Metadata;
}

/** A mounted overlay whose upper directory becomes the layer. */
export class OverlayActive implements ActiveSnapshot {
  readonly #options: OverlayActiveOptions;
  #mounted = true;
  #committed = false;

  constructor(options: OverlayActiveOptions) {
    this.#options = options;
  }

  get root(): string {
    return this.#options.root;
  }
  get upper(): string {
    return this.#options.upper;
  }

  isFull(): boolean {
    return this.#options.memory?.isFull() ?? false;
  }

  unmount(): Promise<void> {
    if (this.#mounted) unmount(this.root);
    this.#mounted = false;
    return Promise.resolve();
  }

  async commit(signal?: AbortSignal): Promise<DraftLayer> {
    if (this.#committed) throw new Error("this snapshot was committed before");
    await this.unmount();
    const { workspace, upper, memory, overlay, rootMetadata } = this.#options;
    listChangedRoot(upper, rootMetadata, overlay);
    const draft = await this.#options.commit({ workspace, upper, memory }, signal);
    this.#committed = true;
    return draft;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unmount();
    if (this.#committed) return;
    this.#options.memory?.[Symbol.dispose]();
    await removeTree(this.#options.workspace);
  }
}
