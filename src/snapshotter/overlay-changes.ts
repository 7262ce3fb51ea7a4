import { readdirSync, readlinkSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { toBytePath, toHostPath, type BytePath, type Entry } from "../oci/changeset.js";
import { FileStat, fileTypes } from "../sys/file-stat.js";
import { readMetadata, type Metadata } from "./metadata.js";
import { isWhiteout, type OverlayXattrs } from "./overlay-xattrs.js";

/**
 * The changeset that an overlay layer directory holds, in order. The root directory is an entry only
 * where it is marked as one. Sockets are no part of a layer. Nobody else may write there meanwhile.
 */
export async function* overlayChanges(
  directory: string,
  overlay: OverlayXattrs,
): AsyncGenerator<Entry> {
  yield* new Walk(directory, overlay).entries();
}

/**
 * A whole tree as a changeset: what is in a merged root filesystem, without the root directory
 * itself and without sockets.
 */
export async function* readTree(root: string): AsyncGenerator<Entry> {
  yield* new Walk(root, undefined).entries();
}

/** Entries between two turns of the event loop. */
const BATCH = 512;

class Walk {
  readonly #root: string;
  readonly #overlay: OverlayXattrs | undefined;
  readonly #stat = new FileStat();
  /** First path of each inode with several names. */
  readonly #linked = new Map<string, BytePath>();
  #count = 0;

  constructor(root: string, overlay: OverlayXattrs | undefined) {
    this.#root = toBytePath(root);
    this.#overlay = overlay;
  }

  async *entries(): AsyncGenerator<Entry> {
    const root = "" as BytePath;
    if (this.#overlay?.isRootListed(this.#root) === true) {
      this.#stat.lstat(this.#root);
      yield { ...this.#metadata(root), type: "directory" };
    }
    yield* this.#inside(root);
  }

  /** A loop over directories instead of nested generators, which would cost each entry its depth. */
  async *#inside(root: BytePath): AsyncGenerator<Entry> {
    const open = [this.#names(root)];
    if (this.#isOpaque(root)) yield { type: "opaque", path: root };
    for (let names = open.at(-1); names !== undefined; names = open.at(-1)) {
      const path = names.pop();
      if (path === undefined) {
        open.pop();
        continue;
      }
      if (++this.#count % BATCH === 0) await setImmediate();
      const entry = this.#entry(path);
      if (entry === undefined) continue;
      yield entry;
      if (entry.type !== "directory") continue;
      if (this.#isOpaque(path)) yield { type: "opaque", path };
      open.push(this.#names(path));
    }
  }

  /** Paths inside a directory, the first one last. */
  #names(directory: BytePath): BytePath[] {
    const names = readdirSync(toHostPath(this.#host(directory)), { encoding: "latin1" });
    const prefix = directory === "" ? "" : `${directory}/`;
    return names
      .sort()
      .reverse()
      .map((name) => `${prefix}${name}` as BytePath);
  }

  #host(path: BytePath): BytePath {
    return (path === "" ? this.#root : `${this.#root}/${path}`) as BytePath;
  }

  #isOpaque(path: BytePath): boolean {
    return this.#overlay?.isOpaque(this.#host(path)) === true;
  }

  /** Undefined for a socket, or for a file that is gone. */
  #entry(path: BytePath): Entry | undefined {
    const host = this.#host(path);
    const stat = this.#stat;
    if (!stat.lstat(host)) return undefined;
    const { type, size } = stat;
    if (type === fileTypes.socket) return undefined;
    if (type === fileTypes.directory) return { ...this.#metadata(path), type: "directory" };
    const device = { major: stat.deviceMajor, minor: stat.deviceMinor };
    if (this.#overlay !== undefined && isWhiteout(stat)) return { type: "whiteout", path };
    const target = this.#earlierName(path);
    const metadata = this.#metadata(path);
    if (target !== undefined) return { ...metadata, type: "hardlink", target };
    switch (type) {
      case fileTypes.symlink:
        return { ...metadata, type: "symlink", target: readLink(host) };
      case fileTypes.char:
        return { ...metadata, type: "char", ...device };
      case fileTypes.block:
        return { ...metadata, type: "block", ...device };
      case fileTypes.fifo:
        return { ...metadata, type: "fifo" };
      default:
        return {
          ...metadata,
          type: "file",
          size,
          content: { kind: "file", path: host, offset: 0 },
        };
    }
  }

  #metadata(path: BytePath): Metadata & { readonly path: BytePath } {
    const overlay = this.#overlay;
    const rename = (name: string): string | undefined =>
      overlay === undefined ? name : overlay.unescape(name);
    return { path, ...readMetadata(this.#host(path), this.#stat, rename) };
  }

  #earlierName(path: BytePath): BytePath | undefined {
    if (this.#stat.nlink < 2) return undefined;
    const inode = `${this.#stat.filesystem} ${this.#stat.inode}`;
    const earlier = this.#linked.get(inode);
    if (earlier === undefined) this.#linked.set(inode, path);
    return earlier;
  }
}

function readLink(host: BytePath): BytePath {
  return readlinkSync(toHostPath(host), { encoding: "latin1" }) as BytePath;
}
