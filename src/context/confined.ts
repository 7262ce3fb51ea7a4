import { closeSync, constants, openSync, readdirSync, readlinkSync } from "node:fs";
import { toHostPath, type BytePath } from "../oci/changeset.js";
import { fileTypes, type FileStat } from "../sys/file-stat.js";
import { isSystemError } from "../sys/system-error.js";
import { openBeneath } from "../sys/open-beneath.js";
import { openIn } from "../sys/small-files.js";
import { O_PATH } from "../sys/open-flags.js";

/** Without O_NOATIME the first read of a changed file writes its inode: a tenth of what reading 50,000 small ones costs. */
let quietly = constants.O_NOATIME;
const directoryFlags = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * A directory of the host that nothing leads out of. Every directory in it is opened by openat2
 * without following any link, and what is in there is reached through that descriptor, so that
 * swapping a directory for a link at any moment leads nowhere.
 */
export class ConfinedRoot implements Disposable {
  readonly #fd: number;

  constructor(path: BytePath) {
    this.#fd = openSync(toHostPath(path), O_PATH | constants.O_DIRECTORY);
  }

  /** Opens a directory by its real path; undefined where there is none, or a link is on the way. */
  directory(path: BytePath): ConfinedDirectory | undefined {
    try {
      return new ConfinedDirectory(openBeneath(this.#fd, path, directoryFlags, "no-symlinks"));
    } catch (error) {
      if (isSystemError(error, "ENOENT", "ENOTDIR", "ELOOP")) return undefined;
      throw error;
    }
  }

  /** Fills `stat` from what is at `path`, following nothing; false when there is nothing. */
  lstat(path: BytePath, stat: FileStat): boolean {
    using parent = this.directory(parentOf(path));
    return parent?.lstat(nameOf(path), stat) ?? false;
  }

  /** The target when `path` is a symlink. */
  readLink(path: BytePath, stat: FileStat): BytePath | undefined {
    using parent = this.directory(parentOf(path));
    if (parent === undefined || !parent.lstat(nameOf(path), stat)) return undefined;
    return stat.type === fileTypes.symlink ? parent.readLink(nameOf(path)) : undefined;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

/** One open directory. */
export class ConfinedDirectory implements Disposable {
  readonly fd: number;
  #users = 1;

  constructor(fd: number) {
    this.fd = fd;
  }

  /** Keeps it open for one more user, who disposes of it, too. */
  share(): this {
    this.#users++;
    return this;
  }

  /** For system calls: `name` in this very directory. "" is the directory itself. */
  host(name: string): BytePath {
    return `/proc/self/fd/${this.fd}/${name === "" ? "." : name}` as BytePath;
  }

  /** Names of what is inside, in the order of their bytes. */
  names(): readonly BytePath[] {
    return readdirSync(this.host(""), { encoding: "latin1" }).sort() as BytePath[];
  }

  lstat(name: string, stat: FileStat): boolean {
    return stat.lstat(name === "" ? "." : name, this.fd);
  }

  readLink(name: string): BytePath {
    return readlinkSync(toHostPath(this.host(name)), { encoding: "latin1" }) as BytePath;
  }

  /**
   * Opens a file to read it, and leaves its access time alone unless it belongs to somebody else. A pipe that took its
   * place meanwhile does not block.
   */
  openFile(name: string): number {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
    try {
      return openIn(this.fd, name, flags | quietly);
    } catch (error) {
      if (quietly === 0 || !isSystemError(error, "EPERM")) throw error;
      quietly = 0; // only the owner may ask for that, and one context has mostly one owner
      return openIn(this.fd, name, flags);
    }
  }

  [Symbol.dispose](): void {
    if (--this.#users === 0) closeSync(this.fd);
  }
}

/** The directory that `path` is in; "" for what is in the root, and for the root. */
export function parentOf(path: BytePath): BytePath {
  return path.slice(0, Math.max(0, path.lastIndexOf("/"))) as BytePath;
}

/** The last component; "" for the root. */
export function nameOf(path: BytePath): BytePath {
  return path.slice(path.lastIndexOf("/") + 1) as BytePath;
}

/** The rest of `path`, which is in that directory, or is it. */
export function pathBelow(directory: BytePath, path: BytePath): BytePath {
  return path.slice(directory === "" ? 0 : directory.length + 1) as BytePath;
}

/** `name`, which may have several components, inside `directory`. */
export function joinPath(directory: string, name: string): BytePath {
  if (directory === "") return name as BytePath;
  return (name === "" ? directory : `${directory}/${name}`) as BytePath;
}
