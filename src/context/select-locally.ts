import { FileStat } from "../sys/file-stat.js";
import { ConfinedRoot, type ConfinedDirectory } from "./confined.js";
import type { Place } from "./entry-reader.js";
import type { LocalTree } from "./local-tree.js";
import { Selection } from "./selection.js";
import type { SelectedSource, SelectOptions } from "./source-tree.js";
import type { OpenDirectory, WalkableTree } from "./walkable-tree.js";

/** As `OpenDirectory` has it, of a directory of the host. */
export type ReadPlace = (
  place: Place,
  wants: Parameters<OpenDirectory["read"]>[1],
) => ReturnType<OpenDirectory["read"]>;

/** The files behind one source of COPY in a directory of the host, as `read` reads them. */
export async function selectLocally(
  { root, ignore }: LocalTree,
  pattern: string,
  options: SelectOptions,
  read: ReadPlace,
): Promise<readonly SelectedSource[]> {
  using confined = new ConfinedRoot(root);
  const stat = new FileStat();
  const tree: WalkableTree = {
    kind: "context",
    ignore,
    open: (path) => {
      options.glance?.enter(path);
      return openDirectory(confined.directory(path), read);
    },
    readLink: (path) => confined.readLink(path, stat),
  };
  return await new Selection(tree, pattern, options).run();
}

function openDirectory(
  directory: ConfinedDirectory | undefined,
  read: ReadPlace,
): OpenDirectory | undefined {
  if (directory === undefined) return undefined;
  return {
    names: () => directory.names(),
    read: (named, wants) => read({ ...named, directory }, wants),
    [Symbol.dispose]: () => {
      directory[Symbol.dispose]();
    },
  };
}
