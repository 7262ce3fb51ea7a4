import { stateKey } from "../cache/key.js";
import type { StateKey } from "../cache/key.js";
import type { Digest } from "../oci/digest.js";
import type { LayerChain } from "../snapshotter/snapshotter.js";
import type { LayerRecord } from "../store/layers.js";

/** The layers of a base image: named at once, fetched when somebody needs their files. */
export interface BaseLayers {
  readonly diffIds: readonly Digest[];
  readonly fetch: (signal: AbortSignal) => Promise<LayerChain>;
}

/** A filesystem state in the course of a build: a base and the layers made upon it. */
export class State {
  readonly base: BaseLayers;
  readonly made: readonly LayerRecord[];

  constructor(base: BaseLayers, made: readonly LayerRecord[] = []) {
    this.base = base;
    this.made = made;
  }

  /** Its identity, known without having the files. */
  get key(): StateKey {
    return stateKey(
      this.base.diffIds,
      this.made.map((layer) => layer.tree),
    );
  }

  /** Its layers on this machine, base first. */
  async chain(signal: AbortSignal): Promise<LayerChain> {
    return [...(await this.base.fetch(signal)), ...this.made.map((layer) => layer.id)];
  }

  with(layer: LayerRecord): State {
    return new State(this.base, [...this.made, layer]);
  }
}

/** `FROM scratch`: no layers. */
export const emptyState = new State({ diffIds: [], fetch: () => Promise.resolve([]) });
