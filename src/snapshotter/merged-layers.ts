import type { LayerChain } from "./snapshotter.js";

/** How many layers stay apart when those below them become one: the next steps can do with that one. */
const APART = 64;

/** Shows layers as one directory, in overlayfs form, with nothing below it. */
export type MergeLayers = (chain: LayerChain) => Promise<string>;

/** A chain whose lower layers are one directory. */
export interface ShortChain {
  readonly bottom: string;
  readonly above: LayerChain;
}

interface Merged {
  readonly chain: LayerChain;
  readonly bottom: Promise<string>;
}

/** Shortens chains of more layers than can be mounted one over the other. */
export class MergedLayers {
  readonly #merge: MergeLayers;
  #merged: readonly Merged[] = [];

  constructor(merge: MergeLayers) {
    this.#merge = merge;
  }

  /** At most `most` layers stay above. */
  async shorten(chain: LayerChain, most: number): Promise<ShortChain> {
    const known = this.#merged.find(({ chain: below }) => {
      return chain.length - below.length <= most && below.every((id, i) => id === chain[i]);
    });
    const { chain: below, bottom } = known ?? this.#make(chain.slice(0, -Math.min(APART, most)));
    return { bottom: await bottom, above: chain.slice(below.length) };
  }

  #make(chain: LayerChain): Merged {
    const merged = { chain, bottom: this.#merge(chain) };
    this.#merged = [merged, ...this.#merged];
    merged.bottom.catch(() => {
      this.#merged = this.#merged.filter((other) => other !== merged);
    });
    return merged;
  }
}
