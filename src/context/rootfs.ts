import { closeSync, readSync } from "node:fs";
import { BuildError } from "../error.js";
import { toBytePath, toText, type BytePath } from "../oci/changeset.js";
import { FileStat, fileTypes } from "../sys/file-stat.js";
import { ConfinedRoot, nameOf, parentOf } from "./confined.js";
import { keptXattrs } from "./kept-xattrs.js";
import { resolveLinks } from "./resolve-links.js";

/** What is at a path of a root filesystem. */
export interface RootfsNode {
  readonly type: "directory" | "symlink" | "other";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Whole seconds. */
  readonly mtime: number;
  readonly xattrs: ReadonlyMap<string, Uint8Array> | undefined;
  /** Of a symlink. */
  readonly target: BytePath | undefined;
}

/** Read-only questions about a root filesystem. Links never lead out of it. */
export interface Rootfs {
  /** The real path behind `path`; missing tail components are kept. Throws COPY for a loop of links. */
  resolve(path: BytePath): BytePath;
  /** What is at a real path; undefined where there is nothing, or a link is on the way. */
  lstat(path: BytePath): RootfsNode | undefined;
}

/** A root filesystem whose small files are read, too. */
export interface ReadableRootfs extends Rootfs {
  /** A file of at most `limit` bytes, links followed; undefined when there is none. */
  readFile(path: BytePath, limit: number): Uint8Array | undefined;
}

/** Opens the filesystem below a directory of the host. Nothing is held open. */
export function openRootfs(root: string): ReadableRootfs {
  return new DirectoryRootfs(toBytePath(root));
}

/** A root filesystem without anything in it. */
export const emptyRootfs: Rootfs = {
  resolve: (path) => resolveLinks(path, () => undefined),
  lstat: () => undefined,
};

class DirectoryRootfs implements ReadableRootfs {
  readonly #root: BytePath;
  readonly #stat = new FileStat();

  constructor(root: BytePath) {
    this.#root = root;
  }

  resolve(path: BytePath): BytePath {
    using root = new ConfinedRoot(this.#root);
    return resolveLinks(path, (link) => root.readLink(link, this.#stat));
  }

  lstat(path: BytePath): RootfsNode | undefined {
    using root = new ConfinedRoot(this.#root);
    using parent = root.directory(parentOf(path));
    const name = nameOf(path);
    const stat = this.#stat;
    if (parent === undefined || !parent.lstat(name, stat)) return undefined;
    return {
      type: typeOf(stat),
      mode: stat.permissions,
      uid: stat.uid,
      gid: stat.gid,
      mtime: stat.mtimeSeconds,
      xattrs: keptXattrs(parent.host(name)),
      target: stat.type === fileTypes.symlink ? parent.readLink(name) : undefined,
    };
  }

  readFile(path: BytePath, limit: number): Uint8Array | undefined {
    using root = new ConfinedRoot(this.#root);
    const real = resolveLinks(path, (link) => root.readLink(link, this.#stat));
    using parent = root.directory(parentOf(real));
    if (parent === undefined || !parent.lstat(nameOf(real), this.#stat)) return undefined;
    if (this.#stat.type !== fileTypes.file) return undefined;
    if (this.#stat.size > limit) {
      throw new BuildError("COPY", `Cannot read "/${toText(path)}": larger than ${limit} bytes`);
    }
    return readAll(parent.openFile(nameOf(real)), this.#stat.size);
  }
}

function typeOf({ type }: FileStat): RootfsNode["type"] {
  if (type === fileTypes.directory) return "directory";
  return type === fileTypes.symlink ? "symlink" : "other";
}

/** Reads at most `size` bytes, and closes. */
function readAll(fd: number, size: number): Uint8Array {
  try {
    const bytes = Buffer.alloc(size);
    let length = 0;
    while (length < size) {
      const read = readSync(fd, bytes, length, size - length, null);
      if (read === 0) break;
      length += read;
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}
