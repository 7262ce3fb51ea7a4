import { layerHere, type StepLayer } from "../cache/far-cache.js";
import type { Ancestry, KnownState, StateOrigin } from "../cache/first-change.js";
import { stateKey, stateUpon } from "../cache/key.js";
import type { StateKey } from "../cache/key.js";
import type { Digest } from "../oci/digest.js";
import type { LayerChain } from "../snapshotter/snapshotter.js";
import type { LayerRecord } from "../store/layers.js";

/** The layers of a base image: named at once, fetched when somebody needs their files. */
export interface BaseLayers {
  /** As FROM has it. */
  readonly reference: string;
  /** Tells versions of an image apart. */
  readonly digest?: Digest | undefined;
  /** As "linux/amd64". */
  readonly platform?: string | undefined;
  readonly diffIds: readonly Digest[];
  readonly fetch: (signal: AbortSignal) => Promise<LayerChain>;
}

/** A filesystem state in the course of a build: a base and the layers made upon it. */
export class State {
  readonly base: BaseLayers;
  readonly made: readonly StepLayer[];
  /** Its identity, known without having the files. */
  readonly key: StateKey;
  readonly #bottom: KnownState;
  /** What it was made from; undefined of a base. */
  readonly #below: { readonly state: State; readonly title: string } | undefined;

  private constructor(
    { base, made, key }: Pick<State, "base" | "key" | "made">,
    bottom: KnownState,
    below: { readonly state: State; readonly title: string } | undefined,
  ) {
    this.base = base;
    this.made = made;
    this.key = key;
    this.#bottom = bottom;
    this.#below = below;
  }

  /** The state of a base alone. */
  static of(base: BaseLayers): State {
    const key = stateKey(base.diffIds);
    return new State({ base, made: [], key }, { key, ...originOf(base) }, undefined);
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

  /** With the layer of one more step. */
  with(layer: StepLayer, title: string): State {
    const key = stateUpon(this.key, layer.tree);
    const made = [...this.made, layer];
    return new State({ base: this.base, made, key }, this.#bottom, { state: this, title });
  }

  /** The state of its base, and what that is. */
  get bottom(): KnownState {
    return this.#bottom;
  }

  /** What led to it, for telling which step changed. */
  get ancestry(): Ancestry {
    const steps: KnownState[] = [];
    let key = this.key;
    for (let below = this.#below; below !== undefined; below = below.state.#below) {
      const { title, state } = below;
      steps.push({ key, title, parent: state.key });
      ({ key } = state);
    }
    return [...steps, this.#bottom];
  }
}

function originOf({ reference, digest, platform }: BaseLayers): StateOrigin {
  return {
    title: `FROM ${reference}`,
    ...(digest === undefined ? {} : { digest }),
    ...(platform === undefined ? {} : { platform }),
  };
}

/** `FROM scratch`: no layers. */
export const emptyState = State.of({
  reference: "scratch",
  diffIds: [],
  fetch: () => Promise.resolve([]),
});
