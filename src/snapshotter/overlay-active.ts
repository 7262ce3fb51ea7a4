import { unmount } from "../sys/syscalls.js";
import { DirectoryDraft } from "./directory-draft.js";
import type { Metadata } from "./metadata.js";
import { overlayChanges } from "./overlay-changes.js";
import type { OverlayXattrs } from "./overlay-xattrs.js";
import { removeTree } from "./remove-tree.js";
import { listChangedRoot } from "./root-directory.js";
import type { ActiveSnapshot, DraftLayer } from "./snapshotter.js";
import { measureChanges } from "./tree-digest.js";

export interface OverlayActiveOptions {
  /** Holds all that follows; goes with the snapshot. */
  readonly workspace: string;
  readonly root: string;
  readonly upper: string;
  /** Where drafts are published. */
  readonly layers: string;
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

  unmount(): Promise<void> {
    if (this.#mounted) unmount(this.root);
    this.#mounted = false;
    return Promise.resolve();
  }

  async commit(signal?: AbortSignal): Promise<DraftLayer> {
    if (this.#committed) throw new Error("this snapshot was committed before");
    await this.unmount();
    const { workspace, upper, layers, overlay, rootMetadata } = this.#options;
    listChangedRoot(upper, rootMetadata, overlay);
    const measure = await measureChanges(overlayChanges(upper, overlay), signal);
    this.#committed = true;
    return new DirectoryDraft({ workspace, directory: upper, layers, measure });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unmount();
    if (!this.#committed) await removeTree(this.#options.workspace);
  }
}
