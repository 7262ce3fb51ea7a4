import type { StateKey } from "../cache/key.js";
import type { DraftLayer, LayerId, TreeDigest } from "../snapshotter/snapshotter.js";
import type { Engine } from "./engine.js";
import type { PlacedText } from "./placed-text.js";

/** What a step gave last. */
export interface LastLayer {
  /** It may be gone. */
  readonly layer: LayerId;
  /** Names what was selected for it. */
  readonly origin: StateKey | undefined;
}

/** What an edited layer is made with. */
interface EditContext extends Pick<Engine, "layers" | "snapshots"> {
  readonly last: LastLayer | undefined;
  readonly signal: AbortSignal;
}

/** A draft on its way, from a layer that is likely to be the right one. */
interface Begun {
  readonly base: LayerId;
  readonly draft: Promise<DraftLayer | undefined>;
  /** Says that it is, and what comes of it. */
  readonly confirm: (tree: TreeDigest) => void;
}

/** Of more entries, the index of a layer and the texts of two selections are not held in memory at once. */
const MOST = 100_000;

/**
 * The layer of an edited selection, from that of what was selected before. Where the step's last layer seems to be that
 * one, it is begun at once, beside the digests that tell: other threads read, hash and write it. Disposing
 * drops what was not taken.
 */
export class EditedDraft implements AsyncDisposable {
  readonly #changes: PlacedText;
  readonly #context: EditContext;
  readonly #stop = new AbortController();
  #begun: Begun | undefined;

  constructor(changes: PlacedText, context: EditContext) {
    const { last } = context;
    this.#changes = changes;
    this.#context = context;
    if (last?.origin === changes.selectedBefore && changes.length <= MOST)
      this.#begun = this.#begin(last.layer);
  }

  /** Once `changes` were digested. Undefined where there is no such layer, or too little of it stays. */
  async take(tree: TreeDigest): Promise<DraftLayer | undefined> {
    const { before } = this.#changes;
    const base = before && (await this.#context.layers.findByTree(before));
    const begun = this.#begun;
    if (base === undefined || begun?.base !== base.id)
      return base && (await this.#replace(base.id, Promise.resolve(tree), this.#context.signal));
    this.#begun = undefined;
    begun.confirm(tree);
    return await begun.draft;
  }

  #begin(base: LayerId): Begun {
    const signal = AbortSignal.any([this.#context.signal, this.#stop.signal]);
    let confirm: Begun["confirm"] = () => undefined;
    const tree = new Promise<TreeDigest>((resolve, reject) => {
      confirm = resolve;
      const stop = (): void => {
        reject(signal.reason as Error);
      };
      if (signal.aborted)
        stop(); // then nobody is told of it any more
      else signal.addEventListener("abort", stop, { once: true });
    });
    const draft = this.#find(base, tree, signal);
    for (const promise of [tree, draft]) promise.catch(() => undefined); // whoever takes it hears of it
    return { base, draft, confirm };
  }

  async #find(
    id: LayerId,
    tree: Promise<TreeDigest>,
    signal: AbortSignal,
  ): Promise<DraftLayer | undefined> {
    const base = await this.#context.layers.find(id); // from now on nobody removes it
    return base && (await this.#replace(base.id, tree, signal));
  }

  #replace(
    base: LayerId,
    tree: Promise<TreeDigest>,
    signal: AbortSignal,
  ): Promise<DraftLayer | undefined> {
    return this.#context.snapshots.replace(base, { entries: this.#changes.edited(), tree }, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    const draft = await this.#begun?.draft.catch(() => undefined);
    await draft?.[Symbol.asyncDispose]();
  }
}
