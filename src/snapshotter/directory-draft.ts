import { open, rename } from "node:fs/promises";
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
  /** Brings what is in the directory to the disk. */
  readonly sync: () => Promise<void>;
  readonly measure: LayerMeasure;
}

/** A finished layer directory under a private name. */
export class DirectoryDraft implements DraftLayer {
  readonly measure: LayerMeasure;
  readonly #options: DirectoryDraftOptions;
  #published = false;

  constructor(options: DirectoryDraftOptions) {
    this.measure = options.measure;
    this.#options = options;
  }

  /** Of two that publish under one id, the second keeps the layer of the first. */
  async publish(id: LayerId): Promise<void> {
    if (this.#published) throw new Error(`this layer was published before ${id}`);
    const { layers, directory, nameOf, sync } = this.#options;
    await sync();
    try {
      await rename(directory, join(layers, nameOf(id)));
    } catch (error) {
      if (!isSystemError(error, "EEXIST", "ENOTEMPTY")) throw error;
    }
    await using parent = await open(layers);
    await parent.sync();
    this.#published = true;
    await removeTree(this.#options.workspace);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#published) await removeTree(this.#options.workspace);
  }
}
