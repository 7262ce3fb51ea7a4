import { layerHere, type StepLayer } from "../cache/remote-cache.js";
import type { Ancestry, KnownState, StateOrigin } from "../cache/first-change.js";
import { stateKey, stateUpon, type StateKey } from "../cache/key.js";
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

/** A step that made a state, of the one below it. */
interface Made {
  readonly state: State;
  readonly layer: StepLayer;
  readonly title: string;
}

/** A filesystem state in the course of a build: a base and the layers made upon it. */
export class State {
  readonly base: BaseLayers;
  /** Its identity, known without having the files. */
  readonly key: StateKey;
  readonly #bottom: KnownState;
  /** What it was made from; undefined of a base. */
  readonly #below: Made | undefined;

  private constructor(
    { base, key }: Pick<State, "base" | "key">,
    bottom: KnownState,
    below: Made | undefined,
  ) {
    this.base = base;
    this.key = key;
    this.#bottom = bottom;
    this.#below = below;
  }

  /** The state of a base alone. */
  static of(base: BaseLayers): State {
    const key = stateKey(base.diffIds);
    return new State({ base, key }, { key, ...originOf(base) }, undefined);
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
    const { base } = this;
    return new State({ base, key }, this.#bottom, { state: this, layer, title });
  }

  /** The layers of its steps, the lowest first; not kept, as each of a thousand states has as many. */
  get made(): readonly StepLayer[] {
    return [...this.#steps()].map(({ layer }) => layer).reverse();
  }

  /** The state of its base, and what that is. */
  get bottom(): KnownState {
    return this.#bottom;
  }

  /** What led to it, for telling which step changed. */
  get ancestry(): Ancestry {
    const steps: KnownState[] = [];
    let key = this.key;
    for (const { title, state } of this.#steps()) {
      steps.push({ key, title, parent: state.key });
      ({ key } = state);
    }
    return [...steps, this.#bottom];
  }

  /** Those that made it, the last one first. */
  *#steps(): Generator<Made> {
    for (let below = this.#below; below !== undefined; below = below.state.#below) yield below;
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
