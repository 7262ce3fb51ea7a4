import { readlinkSync } from "node:fs";
import { BuildError } from "../error.js";
import { toBytePath, toHostPath, toText, type BytePath } from "../oci/changeset.js";
import { FileStat, fileTypes } from "../sys/file-stat.js";

/** As the kernel: more links than this in one path are a loop. */
const MAX_LINKS = 40;

/** Makes a directory at a host path where there is none; `over` says what is in its place. */
export type MakeDirectory = (host: BytePath, over: "nothing" | "whiteout") => void;

/**
 * Finds the host path of an entry under a root directory that only this process writes to. Symlinks
 * on the way are followed as a process with that root would, so that no layer, however hostile, gets
 * a file of the host written.
 */
export class ConfinedRoot {
  readonly root: BytePath;
  readonly #makeDirectory: MakeDirectory;
  readonly #stat = new FileStat();
  #lastDir: string | undefined;
  #lastHost = "";
  #redirected = false;

  constructor(root: string, makeDirectory: MakeDirectory) {
    this.root = toBytePath(root);
    this.#makeDirectory = makeDirectory;
  }

  /** The host path of `path`; its parents are real directories, made where missing. */
  locate(path: BytePath): BytePath {
    if (path === "") return this.root;
    const at = path.lastIndexOf("/");
    const dir = at === -1 ? "" : path.slice(0, at);
    if (dir !== this.#lastDir) {
      this.#lastHost = this.#resolve(dir);
      this.#lastDir = dir;
    }
    return `${this.#lastHost}/${path.slice(at + 1)}` as BytePath;
  }

  /** Whether a symlink led any entry to another place than its path. */
  get redirected(): boolean {
    return this.#redirected;
  }

  /** To be called when something was taken away: a known parent may no longer be a directory. */
  forget(): void {
    this.#lastDir = undefined;
  }

  #resolve(dir: string): string {
    const pending = dir.split("/").reverse();
    const real: string[] = [];
    let links = 0;
    for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
      if (part === "" || part === ".") continue;
      if (part === "..") {
        real.pop(); // at the root, ".." is the root
        continue;
      }
      real.push(part);
      const host = [this.root, ...real].join("/") as BytePath;
      const target = this.#enter(host, dir);
      if (target === undefined) continue;
      this.#redirected = true;
      if (++links > MAX_LINKS) throw notDirectory(dir, "has too many symbolic links");
      real.pop();
      if (target.startsWith("/")) real.length = 0;
      pending.push(...target.split("/").reverse());
    }
    return [this.root, ...real].join("/");
  }

  /** The target where `host` is a symlink; undefined where it is, or now became, a directory. */
  #enter(host: BytePath, dir: string): string | undefined {
    const stat = this.#stat;
    if (!stat.lstat(host)) {
      this.#makeDirectory(host, "nothing");
    } else if (stat.type === fileTypes.symlink) {
      return readlinkSync(toHostPath(host), { encoding: "latin1" });
    } else if (stat.type === fileTypes.char && stat.deviceMajor === 0 && stat.deviceMinor === 0) {
      this.#makeDirectory(host, "whiteout");
    } else if (stat.type !== fileTypes.directory) {
      throw notDirectory(dir, "is not a directory");
    }
    return undefined;
  }
}

function notDirectory(dir: string, problem: string): BuildError {
  return new BuildError(
    "INVALID_ARCHIVE",
    `Cannot unpack files into "${toText(dir as BytePath)}": it ${problem}`,
  );
}
