import { readlinkSync } from "node:fs";
import { toBytePath, toHostPath, type BytePath } from "../oci/changeset.js";
import { FileStat, fileTypes } from "../sys/file-stat.js";
import { MAX_SYMLINKS } from "../sys/limits.js";
import { isWhiteout } from "./overlay-xattrs.js";
import { notDirectory } from "./write-errors.js";

/** Makes a directory at a host path where there is none; `over` says what is in its place. */
export type MakeDirectory = (host: BytePath, over: "nothing" | "whiteout") => void;

/** A directory of entries, and where it is. */
interface Place {
  readonly dir: string;
  readonly host: string;
  /** How many links led there. */
  readonly links: number;
}

interface Part {
  readonly start: number;
  readonly end: number;
}

/**
 * Finds the host path of an entry under a root directory that only this process writes to. Symlinks
 * on the way are followed as a process with that root would, so that no layer, however hostile, gets
 * a file of the host written.
 */
export class ConfinedRoot {
  readonly root: BytePath;
  readonly #makeDirectory: MakeDirectory;
  readonly #stat: FileStat;
  /** The directories on the way to the last entry: its neighbours and what is below are found from there. */
  readonly #way: Place[] = [];
  #redirected = false;

  constructor(root: string, makeDirectory: MakeDirectory, stat = new FileStat()) {
    this.root = toBytePath(root);
    this.#makeDirectory = makeDirectory;
    this.#stat = stat;
  }

  /** The host path of `path`; its parents are real directories, made where missing. */
  locate(path: BytePath): BytePath {
    if (path === "") return this.root;
    const at = path.lastIndexOf("/");
    const dir = at === -1 ? "" : path.slice(0, at);
    return `${this.#resolve(dir)}/${path.slice(at + 1)}` as BytePath;
  }

  /** Whether a symlink led any entry to another place than its path. */
  get redirected(): boolean {
    return this.#redirected;
  }

  /** To be called when something was taken away: a known parent may no longer be a directory. */
  forget(): void {
    this.#way.length = 0;
  }

  #resolve(dir: string): string {
    const way = this.#way;
    while (way.length > 0 && !isWithin(dir, way.at(-1)?.dir ?? "")) way.pop();
    let last = way.at(-1);
    for (let start = last === undefined ? 0 : last.dir.length + 1; start <= dir.length;) {
      const slash = dir.indexOf("/", start);
      const end = slash === -1 ? dir.length : slash;
      last = this.#child(last, dir, { start, end });
      way.push(last);
      start = end + 1;
    }
    return last?.host ?? this.root;
  }

  /** The place in `parent`, or the root, to which that part of `dir` leads. */
  #child(parent: Place | undefined, dir: string, { start, end }: Part): Place {
    let { host, links }: Omit<Place, "dir"> = parent ?? { host: this.root, links: 0 };
    const pending = [dir.slice(start, end)];
    for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
      if (part === "" || part === ".") continue;
      if (part === "..") {
        if (host !== this.root) host = host.slice(0, host.lastIndexOf("/"));
        continue; // at the root, ".." is the root
      }
      const next = `${host}/${part}`;
      const target = this.#enter(next as BytePath, dir);
      if (target === undefined) {
        host = next;
        continue;
      }
      this.#redirected = true;
      if (++links > MAX_SYMLINKS) throw notDirectory(dir, "has too many symbolic links");
      if (target.startsWith("/")) host = this.root;
      pending.push(...target.split("/").reverse());
    }
    return { dir: dir.slice(0, end), host, links };
  }

  /** The target where `host` is a symlink; undefined where it is, or now became, a directory. */
  #enter(host: BytePath, dir: string): string | undefined {
    const stat = this.#stat;
    if (!stat.lstat(host)) {
      this.#makeDirectory(host, "nothing");
    } else if (stat.type === fileTypes.symlink) {
      return readlinkSync(toHostPath(host), { encoding: "latin1" });
    } else if (isWhiteout(stat)) {
      this.#makeDirectory(host, "whiteout");
    } else if (stat.type !== fileTypes.directory) {
      throw notDirectory(dir, "is not a directory");
    }
    return undefined;
  }
}

function isWithin(dir: string, above: string): boolean {
  return dir.startsWith(above) && (dir.length === above.length || dir[above.length] === "/");
}
