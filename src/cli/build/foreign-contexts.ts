import { foreignState, type Foreign, type ForeignEngine } from "../../builder/remote-state.js";
import type { State } from "../../builder/state.js";
import { FileTreeSource } from "../../context/file-tree-source.js";
import type { RemoteContent } from "../../context/remote/remotes.js";
import type { SourceTree } from "../../context/source-tree.js";

/** Files from elsewhere that tell when they were made. */
export interface Dated extends Foreign, Pick<RemoteContent, "time"> {}

/** Opens a context that is not a directory of this machine. */
export type OpenForeign = (signal: AbortSignal) => Promise<Dated>;

/** The contexts that come from elsewhere, each fetched when a step first needs it. */
export class ForeignContexts {
  readonly #sources: ReadonlyMap<string | undefined, OpenForeign>;
  readonly #engine: ForeignEngine;
  readonly #signal: AbortSignal;
  readonly #opened = new Map<string | undefined, Promise<Dated>>();
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
    const source = this.#source(name);
    if (source === undefined) return undefined;
    const opening = this.#fetch(source);
    this.#states.set(name, opening);
    return await opening;
  }

  /** When it was made, in seconds; undefined where nobody knows, or it does not come from elsewhere. */
  async time(name: string | undefined): Promise<number | undefined> {
    return await (await this.#source(name))?.time(this.#signal);
  }

  #source(name: string | undefined): Promise<Dated> | undefined {
    const known = this.#opened.get(name);
    if (known !== undefined) return known;
    const opening = this.#sources.get(name)?.(this.#signal);
    if (opening !== undefined) this.#opened.set(name, opening);
    return opening;
  }

  async #fetch(source: Promise<Dated>): Promise<State> {
    return await foreignState(await source, this.#engine, this.#signal);
  }

  /** Its files, owners and all. */
  async open(name: string | undefined): Promise<SourceTree | undefined> {
    const state = await this.state(name);
    if (state === undefined) return undefined;
    const { snapshots } = this.#engine;
    return new FileTreeSource(await snapshots.files(await state.chain(this.#signal)));
  }
}
