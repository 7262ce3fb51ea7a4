import { createHash } from "node:crypto";
import type { BytePath, Entry } from "../oci/changeset.js";
import { fileTypes, FileStat } from "../sys/file-stat.js";
import { Glance, type GlanceMemory } from "./glance.js";
import type { LocalTree } from "./local-tree.js";
import { selectLocally, type ReadPlace } from "./select-locally.js";
import type { Glances, Query } from "./source-tree.js";

/** Of fewer files, all that there is to know is known as soon. */
const MANY = 500;

/** Stands for all that is not a directory, whose entries nobody wants. */
const something: Entry = {
  type: "fifo",
  path: "" as BytePath,
  mode: 0,
  uid: 0,
  gid: 0,
  mtime: 0,
};
const directory: Entry = { ...something, type: "directory" };

/** Looks at what COPY selects from a directory of the host, and reads nothing. */
export class LocalGlances implements Glances {
  readonly #tree: LocalTree;
  readonly #memory: GlanceMemory;

  constructor(tree: LocalTree, memory: GlanceMemory) {
    this.#tree = tree;
    this.#memory = memory;
  }

  async recall(query: Query): Promise<string | undefined> {
    const known = this.#memory.get(this.#nameOf(query));
    if (known === undefined) return undefined;
    const glance = new Glance(known.look);
    const read = lookWith(glance);
    try {
      for (const pattern of query.patterns)
        await selectLocally(this.#tree, pattern, { ...query, glance }, read);
      return glance.look() === known.look ? known.selection : undefined;
    } catch {
      return undefined; // whoever selects hears of what is wrong
    }
  }

  keep(query: Query, glance: Glance, selection: string): void {
    if (glance.files < MANY || !glance.isSettled) return;
    this.#memory.set(this.#nameOf(query), { look: glance.look(), selection });
  }

  #nameOf({ patterns, exclude, parents }: Query): string {
    const ignore = this.#tree.ignore?.source.text;
    const asked = JSON.stringify([patterns, exclude, parents, ignore]);
    return createHash("sha256").update(asked).digest("hex");
  }
}

function lookWith(glance: Glance): ReadPlace {
  const stat = new FileStat();
  return ({ directory: open, name }, wants) => {
    if (!open.lstat(name, stat)) return undefined;
    const isDirectory = stat.type === fileTypes.directory;
    if (wants === "directory" && !isDirectory) return undefined;
    glance.see(name, stat);
    return { entry: isDirectory ? directory : something, inode: undefined };
  };
}
