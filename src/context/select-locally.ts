import { readdir } from "node:fs/promises";
import { toHostPath, type BytePath } from "../oci/changeset.js";
import { FileStat } from "../sys/file-stat.js";
import { ConfinedRoot, joinPath, type ConfinedDirectory } from "./confined.js";
import { DirectoriesAhead } from "./directories-ahead.js";
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
  { root, ignore, looked = () => undefined }: LocalTree,
  pattern: string,
  options: SelectOptions,
  read: ReadPlace,
): Promise<readonly SelectedSource[]> {
  using confined = new ConfinedRoot(root);
  // By path, and through whatever link takes its place: the names that come of it go nowhere.
  await using ahead = new DirectoriesAhead((path) =>
    readdir(toHostPath(joinPath(root, path)), "latin1"),
  );
  const stat = new FileStat();
  const tree: WalkableTree = {
    kind: "context",
    ignore,
    foresee: (paths) => {
      ahead.foresee(paths);
    },
    open: (path) => {
      options.onlooker?.enter(path);
      const directory = confined.directory(path);
      if (directory === undefined) looked(path);
      return directory && openDirectory(directory, { path, read, looked, ahead });
    },
    readLink: (path) => {
      looked(path);
      return confined.readLink(path, stat);
    },
  };
  return await new Selection(tree, pattern, options).run();
}

interface Opened {
  readonly path: BytePath;
  readonly read: ReadPlace;
  readonly looked: (path: BytePath) => void;
  readonly ahead: DirectoriesAhead;
}

function openDirectory(
  directory: ConfinedDirectory,
  { path, read, looked, ahead }: Opened,
): OpenDirectory {
  return {
    names: () => {
      looked(joinPath(path, "."));
      return ahead.list(path, () => directory.names());
    },
    read: (named, wants) => {
      looked(named.path);
      return read({ ...named, directory }, wants);
    },
    [Symbol.dispose]: () => {
      directory[Symbol.dispose]();
    },
  };
}
