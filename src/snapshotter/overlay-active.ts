import type { MemoryDirectory } from "./memory-directory.js";
import type { Metadata } from "./metadata.js";
import type { OverlayXattrs } from "./overlay-xattrs.js";
import { listChangedRoot } from "./root-directory.js";
import type { ActiveSnapshot, DraftLayer, LayerChain } from "./snapshotter.js";
import type { Workspaces } from "./workspaces.js";

/** Where a RUN's changes are, once its overlay is unmounted. */
export interface CollectedChanges {
  /** What they are changes of. */
  readonly parent: LayerChain;
  /** Holds `upper`, and goes with the draft. */
  readonly workspace: string;
  /** In overlayfs form. */
  readonly upper: string;
  /** What `upper` is in, when that is not on the disk; whoever takes the changes disposes it. */
  readonly memory: MemoryDirectory | undefined;
}

/** Turns collected changes into a draft, which owns the workspace from then on. */
export type CommitUpper = (changes: CollectedChanges, signal?: AbortSignal) => Promise<DraftLayer>;

/** What an active snapshot is mounted from, and committed to. */
export interface OverlayActiveOptions extends CollectedChanges {
  readonly root: string;
  readonly commit: CommitUpper;
  /** Whether what is committed may be mounted again as it is. */
  readonly keepsUpper: boolean;
  readonly overlay: OverlayXattrs;
  readonly workspaces: Workspaces;
  /** What `upper` was given to begin with. */
  readonly rootMetadata: Metadata;
}

/** A mounted overlay whose upper directory becomes the layer. */
export class OverlayActive implements ActiveSnapshot {
  readonly #options: OverlayActiveOptions;
  #mounted = true;
  /** Whether the workspace is somebody else's, or nobody's. */
  #left = false;

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

  /**
   * Nobody looks into the overlay any more, whose caches alone suffer when its directories change: so it can go
   * when there is time, unless overlayfs could find one that it writes to in the place of a layer.
   */
  unmount(): Promise<void> {
    const { keepsUpper, workspaces } = this.#options;
    if (this.#mounted && keepsUpper) workspaces.unmount(this.root);
    else if (this.#mounted) workspaces.unmountSoon(this.root);
    this.#mounted = false;
    return Promise.resolve();
  }

  async commit(signal?: AbortSignal): Promise<DraftLayer> {
    if (this.#left) throw new Error("this snapshot was committed or dropped before");
    await this.unmount();
    const { parent, workspace, upper, memory, overlay, rootMetadata } = this.#options;
    listChangedRoot(upper, rootMetadata, overlay);
    const draft = await this.#options.commit({ parent, workspace, upper, memory }, signal);
    this.#left = true;
    return draft;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unmount();
    if (this.#left) return;
    this.#left = true;
    const { memory, workspaces } = this.#options;
    memory?.[Symbol.dispose]();
    workspaces.giveBack(this.#options);
  }
}
