import { renameSync } from "node:fs";
import { join } from "node:path";
import { syncPath } from "../sys/sync-path.js";
import { isSystemError } from "../sys/system-error.js";
import type { DraftLayer, LayerId, LayerMeasure } from "./snapshotter.js";
import type { Workspaces } from "./workspaces.js";

/** What a draft of the directory driver works with. */
export interface DirectoryDraftOptions {
  /** Holds the directory, and goes with the draft. */
  readonly workspace: string;
  readonly workspaces: Workspaces;
  /** The finished layer, once it is kept. */
  readonly directory: string;
  /** Finishes a layer of which something is still in memory. */
  readonly keep?: () => void;
  /** Where it is published. */
  readonly layers: string;
  /** The name that it gets there. */
  readonly nameOf: (id: LayerId) => string;
  /** Brings what is in that directory to the disk. */
  readonly sync: (directory: string) => Promise<void>;
  readonly measure: LayerMeasure;
}

/** A finished layer directory under a private name. */
export class DirectoryDraft implements DraftLayer {
  readonly measure: LayerMeasure;
  readonly #options: DirectoryDraftOptions;
  /** Where it is now, once it is. */
  #published: string | undefined;
  #dropped = false;

  constructor(options: DirectoryDraftOptions) {
    this.measure = options.measure;
    this.#options = options;
  }

  /** Of two that publish under one id, the second keeps the layer of the first. */
  // eslint-disable-next-line @typescript-eslint/require-await -- a throw must become a rejection
  async publish(id: LayerId): Promise<void> {
    if (this.#published !== undefined) throw new Error(`this layer was published before ${id}`);
    const { layers, directory, keep, nameOf } = this.#options;
    const path = join(layers, nameOf(id));
    keep?.();
    try {
      renameSync(directory, path);
    } catch (error) {
      if (!isSystemError(error, "EEXIST", "ENOTEMPTY")) throw error;
    }
    this.#published = path;
  }

  async persist(): Promise<void> {
    if (this.#published === undefined) throw new Error("this layer is not published");
    const { layers, sync, workspaces } = this.#options;
    await Promise.all([sync(this.#published), syncPath(layers)]);
    workspaces.giveBack(this.#options);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- a throw must become a rejection
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#published !== undefined || this.#dropped) return;
    this.#dropped = true;
    this.#options.workspaces.giveBack(this.#options);
  }
}
