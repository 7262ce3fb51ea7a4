import { toBytePath, type BytePath, type FileEntry } from "../oci/changeset.js";
import { FileStat, fileTypes } from "../sys/file-stat.js";
import { listXattrs } from "../sys/xattrs.js";
import { isPortable } from "./overlay-xattrs.js";

/** A file of another layer that is what an entry wants, but for its content, which is to be compared. */
export interface Twin {
  readonly path: BytePath;
  /** To be called when it was given a name. */
  use(): void;
}

/**
 * Finds files of a published layer that can be files of another one, too. Nothing ever writes to either:
 * overlayfs copies up. Only those at the same path: where both layers are in one chain, one of the names
 * hides the other, and no step ever sees two names of what it takes for two files.
 */
export class Twins {
  readonly #layer: BytePath;
  readonly #stat = new FileStat();
  /** Files with several names: one that has become a file of the new layer must not become another. */
  readonly #used = new Set<bigint>();
  #last = { directory: "", isReal: true };

  /** The directory of the layer; it may be gone. */
  constructor(layer: string) {
    this.#layer = toBytePath(layer);
  }

  find({ path, sha256, size, mode, uid, gid, mtime, xattrs }: FileEntry): Twin | undefined {
    if (sha256 === undefined || xattrs !== undefined || !this.#isInReal(path)) return undefined;
    const [host, stat] = [this.#host(path), this.#stat];
    if (!stat.lstat(host) || stat.type !== fileTypes.file || stat.size !== size) return undefined;
    const { permissions, uid: owner, gid: group, mtimeSeconds, inode } = stat;
    const isSame = permissions === mode && owner === uid && group === gid && mtimeSeconds === mtime;
    if (!isSame || this.#used.has(inode) || listXattrs(host).some(isPortable)) return undefined;
    return { path: host, use: () => void this.#used.add(inode) };
  }

  /** Whether no symlink is on the way: it could lead to a file of the host. */
  #isInReal(path: BytePath): boolean {
    const directory = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    const last = this.#last;
    if (directory === last.directory) return last.isReal;
    const below = last.isReal && directory.startsWith(`${last.directory}/`);
    const known = below ? last.directory.length + 1 : 0;
    this.#last = { directory, isReal: this.#areDirectories(directory, known) };
    return this.#last.isReal;
  }

  /** Whether all from the one of which the name begins at `from` are. */
  #areDirectories(directory: string, from: number): boolean {
    for (let at = from; at <= directory.length; at++) {
      at = directory.indexOf("/", at);
      if (at < 0) at = directory.length;
      const isThere = this.#stat.lstat(this.#host(directory.slice(0, at)));
      if (!isThere || this.#stat.type !== fileTypes.directory) return false;
    }
    return true;
  }

  #host(path: string): BytePath {
    return `${this.#layer}/${path}` as BytePath;
  }
}
