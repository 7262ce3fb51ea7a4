import type { BytePath, DirectoryEntry, HardlinkEntry } from "../oci/changeset.js";
import type { Rights } from "../snapshotter/tree-digest.js";
import type { Chmod } from "./chmod.js";
import type { File } from "./placed-file.js";

/** Numeric owner and group. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Gives what is copied the owner of --chown and the mode of --chmod. */
export class Dresser {
  readonly #owner: Owner | undefined;
  readonly #chmod: Chmod | undefined;

  constructor(owner: Owner | undefined, chmod: Chmod | undefined) {
    this.#owner = owner;
    this.#chmod = chmod;
  }

  directory(entry: DirectoryEntry): DirectoryEntry {
    return { ...entry, ...this.#owner, mode: this.#chmod?.apply(entry.mode, true) ?? entry.mode };
  }

  /** Under its new name, of the file's. */
  link(entry: HardlinkEntry, path: BytePath, target: BytePath): HardlinkEntry {
    const mode = this.#chmod?.apply(entry.mode, false) ?? entry.mode;
    return { ...entry, ...this.#owner, path, target, mode };
  }

  /** Under its new name. Links keep their mode: it means nothing. */
  file(file: File, path: BytePath): File {
    const changed = file.type === "symlink" ? undefined : this.#chmod?.apply(file.mode, false);
    return { ...file, ...this.#owner, path, mode: changed ?? file.mode };
  }

  /** Those of a regular file. */
  rights({ mode, uid, gid }: Rights): Rights {
    return { uid, gid, ...this.#owner, mode: this.#chmod?.apply(mode, false) ?? mode };
  }
}
