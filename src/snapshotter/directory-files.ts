import { readdirSync, readlinkSync } from "node:fs";
import { toBytePath, toHostPath, type BytePath } from "../oci/changeset.js";
import type { TreeNode } from "../oci/file-tree.js";
import { FileStat, fileTypes } from "../sys/file-stat.js";
import { LastChild } from "./last-child.js";
import type { LayerChild, LayerDirectory } from "./layer-files.js";
import { readMetadata, type Metadata } from "./metadata.js";
import { isWhiteout, type OverlayXattrs } from "./overlay-xattrs.js";

/** The root directory of a layer in overlayfs form, which nobody changes. */
export function directoryFiles(layer: string, overlay: OverlayXattrs): LayerDirectory {
  return new HostDirectory(toBytePath(layer), overlay);
}

const stat = new FileStat();

class HostDirectory implements LayerDirectory {
  readonly #host: BytePath;
  readonly #overlay: OverlayXattrs;
  #opaque: boolean | undefined;
  readonly #last = new LastChild();

  constructor(host: BytePath, overlay: OverlayXattrs) {
    this.#host = host;
    this.#overlay = overlay;
  }

  get opaque(): boolean {
    return (this.#opaque ??= this.#overlay.isOpaque(this.#host));
  }
  get listed(): boolean {
    return this.#overlay.isRootListed(this.#host);
  }

  node(path: BytePath): TreeNode {
    if (!stat.lstat(this.#host)) throw new Error(`no directory at ${this.#host}`);
    const metadata = readMetadata(this.#host, stat, (name) => this.#overlay.unescape(name));
    return { entry: { type: "directory", path, ...metadata }, inode: undefined };
  }

  names(): Iterable<string> {
    return readdirSync(toHostPath(this.#host), { encoding: "latin1" });
  }

  child(name: string): LayerChild | undefined {
    return this.#last.of(name, (wanted) => this.#childNamed(wanted));
  }

  #childNamed(name: string): LayerChild | undefined {
    const host = `${this.#host}/${name}` as BytePath;
    if (!stat.lstat(host) || stat.type === fileTypes.socket) return undefined;
    if (stat.type === fileTypes.directory) {
      return { kind: "directory", directory: new HostDirectory(host, this.#overlay) };
    }
    if (isWhiteout(stat)) return { kind: "whiteout" };
    return { kind: "other", node: (path) => this.#node(host, path) };
  }

  #node(host: BytePath, path: BytePath): TreeNode {
    if (!stat.lstat(host)) throw new Error(`no file at ${host}`);
    const inode = stat.nlink < 2 ? undefined : `${stat.filesystem} ${stat.inode}`;
    const { type, size, deviceMajor: major, deviceMinor: minor } = stat;
    const metadata = readMetadata(host, stat, (name) => this.#overlay.unescape(name));
    return { entry: entryOf({ path, ...metadata }, host, { type, size, major, minor }), inode };
  }
}

interface Kind {
  readonly type: number;
  readonly size: number;
  readonly major: number;
  readonly minor: number;
}

function entryOf(
  common: Metadata & { readonly path: BytePath },
  host: BytePath,
  { type, size, major, minor }: Kind,
): TreeNode["entry"] {
  switch (type) {
    case fileTypes.symlink: {
      const target = readlinkSync(toHostPath(host), { encoding: "latin1" }) as BytePath;
      return { ...common, type: "symlink", target };
    }
    case fileTypes.char:
      return { ...common, type: "char", major, minor };
    case fileTypes.block:
      return { ...common, type: "block", major, minor };
    case fileTypes.fifo:
      return { ...common, type: "fifo" };
    default:
      return { ...common, type: "file", size, content: { kind: "file", path: host, offset: 0 } };
  }
}
