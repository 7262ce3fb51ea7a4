import type { Source } from "../error.js";
import { ContentSpool } from "../oci/content-spool.js";
import { FileStat } from "../sys/syscalls.js";
import { ConfinedRoot, type ConfinedDirectory } from "./confined.js";
import { EntryReader } from "./entry-reader.js";
import type { LocalTree } from "./local-tree.js";
import { Selection } from "./selection.js";
import type { SelectedSource, SelectOptions, SourceTree } from "./source-tree.js";
import { unreadable } from "./unreadable.js";
import type { OpenDirectory, WalkableTree } from "./walkable-tree.js";

/** Selects from a directory of the host. */
export class LocalSourceTree implements SourceTree {
  readonly #tree: LocalTree;

  constructor(tree: LocalTree) {
    this.#tree = tree;
  }

  get ignore(): Source | undefined {
    return this.#tree.ignore?.source;
  }

  async select(pattern: string, options: SelectOptions = {}): Promise<readonly SelectedSource[]> {
    try {
      using spool = this.#tree.work === undefined ? undefined : new ContentSpool(this.#tree.work);
      using root = new ConfinedRoot(this.#tree.root);
      return await new Selection(walkable(this.#tree, root, spool), pattern, options).run();
    } catch (error) {
      throw unreadable(pattern, error);
    }
  }
}

function walkable(
  tree: LocalTree,
  root: ConfinedRoot,
  spool: ContentSpool | undefined,
): WalkableTree {
  const stat = new FileStat();
  const reader = new EntryReader(tree, spool);
  const { ignore } = tree;
  return {
    kind: "context",
    ignore,
    open: (path) => openDirectory(root.directory(path), reader),
    readLink: (path) => root.readLink(path, stat),
  };
}

function openDirectory(
  directory: ConfinedDirectory | undefined,
  reader: EntryReader,
): OpenDirectory | undefined {
  if (directory === undefined) return undefined;
  return {
    names: () => directory.names(),
    read: (named, wants) => reader.read({ ...named, directory }, wants),
    [Symbol.dispose]: () => {
      directory[Symbol.dispose]();
    },
  };
}
