import type { BytePath, Entry } from "../oci/changeset.js";
import { fileTypes, FileStat } from "../sys/file-stat.js";
import type { ConfinedDirectory } from "./confined.js";
import type { Place, Read } from "./entry-reader.js";
import type { LookAgain } from "./look-again.js";
import type { LocalReader } from "./select-locally.js";
import type { Retraced } from "./walkable-tree.js";

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

/** Shows what is there to who compares it with an earlier look, and reads nothing. */
export class LookingReader implements LocalReader {
  readonly #again: LookAgain;
  readonly #stat = new FileStat();

  constructor(again: LookAgain) {
    this.#again = again;
  }

  read({ directory: open, name }: Place, wants: "anything" | "directory"): Read | undefined {
    const stat = this.#stat;
    if (!open.lstat(name, stat)) return undefined;
    const isDirectory = stat.type === fileTypes.directory;
    if (wants === "directory" && !isDirectory) return undefined;
    this.#again.see(name, stat);
    return { entry: isDirectory ? directory : something, inode: undefined };
  }

  retrace(open: ConfinedDirectory): Retraced {
    return { ...this.#again.retrace(open, this.#stat), entry: directory };
  }
}
