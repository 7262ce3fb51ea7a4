import { renameSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError } from "../sys/syscalls.js";
import { removeTree } from "./remove-tree.js";
import type { DraftLayer, LayerId, LayerMeasure } from "./snapshotter.js";

export interface DirectoryDraftOptions {
  /** Holds the directory, and goes with the draft. */
  readonly workspace: string;
  /** The finished layer. */
  readonly directory: string;
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

  constructor(options: DirectoryDraftOptions) {
    this.measure = options.measure;
    this.#options = options;
  }

  /** Of two that publish under one id, the second keeps the layer of the first. */
  // eslint-disable-next-line @typescript-eslint/require-await -- a throw must become a rejection
  async publish(id: LayerId): Promise<void> {
    if (this.#published !== undefined) throw new Error(`this layer was published before ${id}`);
    const { layers, directory, nameOf } = this.#options;
    const path = join(layers, nameOf(id));
    try {
      renameSync(directory, path);
    } catch (error) {
      if (!isSystemError(error, "EEXIST", "ENOTEMPTY")) throw error;
    }
    this.#published = path;
  }

  async persist(): Promise<void> {
    if (this.#published === undefined) throw new Error("this layer is not published");
    const { layers, sync, workspace } = this.#options;
    await sync(this.#published);
    await using parent = await open(layers);
    await parent.sync();
    await removeTree(workspace);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#published === undefined) await removeTree(this.#options.workspace);
  }
}
