import type { StateKey } from "../cache/key.js";
import { locate } from "../error.js";
import { formatPlatform } from "../oci/platform.js";
import type { PlannedImage } from "../plan/plan.js";
import type { LayerChain } from "../snapshotter/snapshotter.js";
import type { Board } from "./board.js";
import type { BaseImage } from "./engine.js";
import { State } from "./state.js";

/** What the states of a plan's images are made of. */
export interface BaseStatesOptions {
  /** Of the plan, and found by their configs, in the same order. */
  readonly planned: readonly PlannedImage[];
  readonly images: readonly BaseImage[];
  readonly board: Board;
  /** Hears of a failing pull before the steps that wait for it. */
  readonly fail: (error: unknown) => void;
}

/** The states of a plan's images: each is pulled once, when the first step needs its files. */
export class BaseStates {
  readonly #options: BaseStatesOptions;
  readonly #states = new Map<number, State>();

  constructor(options: BaseStatesOptions) {
    this.#options = options;
  }

  /** The state of an image; the vertex of the first FROM that names it shows the pull. */
  get(index: number, vertex?: number): State {
    const known = this.#states.get(index);
    if (known !== undefined) return known;
    const { images, planned } = this.#options;
    const [image, request] = [images[index], planned[index]];
    if (image === undefined || request === undefined) {
      throw new Error(`the plan refers to image ${index} of ${images.length}`);
    }
    let pulled: Promise<LayerChain> | undefined;
    const fetch = (signal: AbortSignal) =>
      (pulled ??= this.#pull({ image, request, vertex }, signal));
    const { reference } = request;
    const { config, digest } = image;
    const platform = formatPlatform(request.platform);
    const diffIds = config.rootfs.diff_ids;
    const state = State.of({ reference, digest, platform, diffIds, fetch });
    this.#states.set(index, state);
    return state;
  }

  /** The states that somebody asked for. */
  keys(): readonly StateKey[] {
    return [...this.#states.values()].map(({ key }) => key);
  }

  async #pull({ image, request, vertex }: Pull, signal: AbortSignal): Promise<LayerChain> {
    const { board, fail } = this.#options;
    const layers = (id: () => number): Promise<LayerChain> =>
      image.layers((item, current, total) => {
        board.progress(id(), item, current, total);
      }, signal);
    try {
      if (board.isOpen(vertex))
        return await board.during(vertex, () => layers(() => vertex), signal);
      return await this.#pullLate(request.reference, layers, signal);
    } catch (cause) {
      const error = locate(cause, request.at);
      fail(error);
      throw error;
    }
  }

  /**
   * A stage that was found in the cache has ended its FROM, and now somebody wants the files. Shown as work
   * of its own, but only when something has to come.
   */
  async #pullLate(
    reference: string,
    layers: (id: () => number) => Promise<LayerChain>,
    signal: AbortSignal,
  ): Promise<LayerChain> {
    const { board } = this.#options;
    let shown: number | undefined;
    const show = (): number => {
      if (shown !== undefined) return shown;
      shown = board.declare(`[internal] pull ${reference}`);
      board.start(shown);
      return shown;
    };
    try {
      const chain = await layers(show);
      if (shown !== undefined) board.end(shown, { kind: "done" });
      return chain;
    } catch (error) {
      if (!signal.aborted) board.fail(show(), error);
      throw error;
    }
  }
}

interface Pull {
  readonly image: BaseImage;
  readonly request: PlannedImage;
  readonly vertex: number | undefined;
}
