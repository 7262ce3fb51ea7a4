import type { Source } from "../error.js";
import { ContentSpool } from "../oci/content-spool.js";
import { EntryReader } from "./entry-reader.js";
import { LocalLooks } from "./local-looks.js";
import type { LocalTree } from "./local-tree.js";
import { selectLocally } from "./select-locally.js";
import type { Looks, SelectedSource, SelectOptions, SourceTree } from "./source-tree.js";
import { unreadable } from "./unreadable.js";

/** Selects from a directory of the host. */
export class LocalSourceTree implements SourceTree {
  readonly #tree: LocalTree;
  readonly looks: Looks | undefined;

  constructor(tree: LocalTree) {
    this.#tree = tree;
    this.looks = tree.looks && new LocalLooks(tree, tree.looks);
  }

  get ignore(): Source | undefined {
    return this.#tree.ignore?.source;
  }

  async select(pattern: string, options: SelectOptions = {}): Promise<readonly SelectedSource[]> {
    const { root, work, thread } = this.#tree;
    const { onlooker } = options;
    try {
      const index = await this.#tree.index?.();
      await using _index = { [Symbol.asyncDispose]: async () => await this.#tree.letGo?.() };
      using spool = work === undefined ? undefined : new ContentSpool(work);
      const reader = new EntryReader({ root, index, spool, thread, onlooker });
      return await reader.whole(selectLocally(this.#tree, pattern, options, reader));
    } catch (error) {
      throw unreadable(pattern, error);
    }
  }
}
