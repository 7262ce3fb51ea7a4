import { foreignState, type Foreign, type ForeignEngine } from "../../builder/remote-state.js";
import type { State } from "../../builder/state.js";
import { FileTreeSource } from "../../context/file-tree-source.js";
import type { SourceTree } from "../../context/source-tree.js";

/** Opens a context that is no directory of this machine. */
export type OpenForeign = (signal: AbortSignal) => Promise<Foreign>;

/** The contexts that come from elsewhere, each fetched when a step first needs it. */
export class ForeignContexts {
  readonly #sources: ReadonlyMap<string | undefined, OpenForeign>;
  readonly #engine: ForeignEngine;
  readonly #signal: AbortSignal;
  readonly #states = new Map<string | undefined, Promise<State>>();

  constructor(
    sources: ReadonlyMap<string | undefined, OpenForeign>,
    engine: ForeignEngine,
    signal: AbortSignal,
  ) {
    this.#sources = sources;
    this.#engine = engine;
    this.#signal = signal;
  }

  /** Undefined for a context that does not come from elsewhere. */
  async state(name: string | undefined): Promise<State | undefined> {
    const known = this.#states.get(name);
    if (known !== undefined) return await known;
    const open = this.#sources.get(name);
    if (open === undefined) return undefined;
    const opening = this.#fetch(open);
    this.#states.set(name, opening);
    return await opening;
  }

  async #fetch(open: OpenForeign): Promise<State> {
    return await foreignState(await open(this.#signal), this.#engine, this.#signal);
  }

  /** Its files, owners and all. */
  async open(name: string | undefined): Promise<SourceTree | undefined> {
    const state = await this.state(name);
    if (state === undefined) return undefined;
    const { snapshots } = this.#engine;
    return new FileTreeSource(await snapshots.files(await state.chain(this.#signal)));
  }
}
