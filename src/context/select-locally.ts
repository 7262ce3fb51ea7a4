import { readdir } from "node:fs/promises";
import { toHostPath, type BytePath } from "../oci/changeset.js";
import { FileStat } from "../sys/file-stat.js";
import { ConfinedRoot, joinPath, type ConfinedDirectory } from "./confined.js";
import { DirectoriesAhead } from "./directories-ahead.js";
import type { Place } from "./entry-reader.js";
import type { LocalTree } from "./local-tree.js";
import type { Onlooker } from "./look.js";
import { Selection } from "./selection.js";
import type { SelectedSource, SelectOptions } from "./source-tree.js";
import type { OpenDirectory, Retraced, WalkableTree } from "./walkable-tree.js";

/** Reads what is in directories of the host. */
export interface LocalReader {
  /** As `OpenDirectory` has it. */
  read(
    place: Place,
    wants: Parameters<OpenDirectory["read"]>[1],
  ): ReturnType<OpenDirectory["read"]>;
  /** Reads all that is in a directory whose names are known, and wants no entries. */
  retrace?(directory: ConfinedDirectory): Retraced;
}

/** The files behind one source of COPY in a directory of the host, as `reader` reads them. */
export async function selectLocally(
  { root, ignore, looked }: LocalTree,
  pattern: string,
  options: SelectOptions,
  reader: LocalReader,
): Promise<readonly SelectedSource[]> {
  using confined = new ConfinedRoot(root);
  // By path, and through whatever link takes its place: the names that come of it go nowhere.
  await using ahead = new DirectoriesAhead((path) =>
    readdir(toHostPath(joinPath(root, path)), "latin1"),
  );
  const stat = new FileStat();
  const { onlooker } = options;
  const listener = new Listener(looked);
  const tree: WalkableTree = {
    kind: "context",
    ignore,
    foresee: (paths) => {
      ahead.foresee(paths.filter((path) => onlooker?.knows?.(path) !== true));
    },
    open: (path) => {
      onlooker?.enter(path);
      const directory = confined.directory(path);
      if (directory === undefined) listener.tell(path);
      return directory && openDirectory(directory, { path, reader, listener, ahead, onlooker });
    },
    readLink: (path) => {
      listener.tell(path);
      return confined.readLink(path, stat);
    },
  };
  return await new Selection(tree, pattern, options).run();
}

/** Who is told of paths, until that is enough. */
class Listener {
  #looked: LocalTree["looked"];

  constructor(looked: LocalTree["looked"]) {
    this.#looked = looked;
  }

  get hasEnough(): boolean {
    return this.#looked === undefined;
  }

  tell(path: BytePath): void {
    if (this.#looked?.(path) === false) this.#looked = undefined;
  }
}

interface Opened {
  readonly path: BytePath;
  readonly reader: LocalReader;
  readonly listener: Listener;
  readonly ahead: DirectoriesAhead;
  readonly onlooker: Onlooker | undefined;
}

function openDirectory(
  directory: ConfinedDirectory,
  { path, reader, listener, ahead, onlooker }: Opened,
): OpenDirectory {
  return {
    retrace: () =>
      listener.hasEnough && onlooker?.knows?.(path) === true
        ? reader.retrace?.(directory)
        : undefined,
    names: () => {
      listener.tell(joinPath(path, "."));
      const known = onlooker?.knows?.(path) === true ? onlooker.names?.(path) : undefined;
      return known ?? ahead.list(path, () => directory.names());
    },
    read: (named, wants) => {
      listener.tell(named.path);
      return reader.read({ ...named, directory }, wants);
    },
    [Symbol.dispose]: () => {
      directory[Symbol.dispose]();
    },
  };
}
