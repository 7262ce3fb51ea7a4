import type { LayerChild } from "./layer-files.js";

/** What a directory said of a name last: steps that write to the same place ask each layer for it again. */
export class LastChild {
  #last: { readonly name: string; readonly child: LayerChild | undefined } | undefined;

  /** `find` is asked where another name was the last one. */
  of(name: string, find: (name: string) => LayerChild | undefined): LayerChild | undefined {
    if (this.#last?.name !== name) this.#last = { name, child: find(name) };
    return this.#last.child;
  }
}
