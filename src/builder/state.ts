import { layerHere, type StepLayer } from "../cache/far-cache.js";
import { stateKey, stateUpon } from "../cache/key.js";
import type { StateKey } from "../cache/key.js";
import type { Digest } from "../oci/digest.js";
import type { LayerChain } from "../snapshotter/snapshotter.js";
import type { LayerRecord } from "../store/layers.js";

/** The layers of a base image: named at once, fetched when somebody needs their files. */
export interface BaseLayers {
  /** As FROM has it, for telling where a change came from. */
  readonly reference: string;
  readonly diffIds: readonly Digest[];
  readonly fetch: (signal: AbortSignal) => Promise<LayerChain>;
}

/** A filesystem state in the course of a build: a base and the layers made upon it. */
export class State {
  readonly base: BaseLayers;
  readonly made: readonly StepLayer[];
  /** Its identity, known without having the files. */
  readonly key: StateKey;
  /** The last step that was not cached, else the base: where a change of this state came from. */
  readonly changedAt: string;

  private constructor(
    base: BaseLayers,
    made: readonly StepLayer[],
    { key, changedAt }: Pick<State, "changedAt" | "key">,
  ) {
    this.base = base;
    this.made = made;
    this.key = key;
    this.changedAt = changedAt;
  }

  /** The state of a base alone. */
  static of(base: BaseLayers): State {
    return new State(base, [], {
      key: stateKey(base.diffIds),
      changedAt: `FROM ${base.reference}`,
    });
  }

  /** Its layers on this machine, base first. */
  async chain(signal: AbortSignal): Promise<LayerChain> {
    const base = await this.base.fetch(signal);
    return [...base, ...(await this.fetchMade(signal)).map(({ id }) => id)];
  }

  /** Brings the layers of its steps here, those that other machines made. */
  async fetchMade(signal: AbortSignal): Promise<readonly LayerRecord[]> {
    return await Promise.all(this.made.map((layer) => layerHere(layer, signal)));
  }

  /** With the layer of one more step; `step` names it, unless it was cached. */
  with(layer: StepLayer, step: string | undefined): State {
    return new State(this.base, [...this.made, layer], {
      key: stateUpon(this.key, layer.tree),
      changedAt: step ?? this.changedAt,
    });
  }
}

/** `FROM scratch`: no layers. */
export const emptyState = State.of({
  reference: "scratch",
  diffIds: [],
  fetch: () => Promise.resolve([]),
});
