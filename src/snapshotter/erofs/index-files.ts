import { readFileSync } from "node:fs";
import { join } from "node:path";
import { toBytePath, type BytePath } from "../../oci/changeset.js";
import type { TreeNode } from "../../oci/file-tree.js";
import { fileTypes } from "../../sys/file-stat.js";
import { LastChild } from "../last-child.js";
import type { LayerChild, LayerDirectory } from "../layer-files.js";
import { OverlayXattrs } from "../overlay-xattrs.js";
import { IndexImage, type Inode } from "./index-image.js";
import { INDEX_NAME, tarFiles } from "./layer-place.js";

const overlay = new OverlayXattrs({ userNamespace: false });

/** The root directory of a layer in place, as its index tells it. */
export function indexFiles(layer: string): LayerDirectory {
  const image = new IndexImage(readFileSync(join(layer, INDEX_NAME)));
  const site = { image, tars: tarFiles(layer).map(toBytePath) };
  return new IndexDirectory(site, image.root());
}

interface Site {
  readonly image: IndexImage;
  /** By device. */
  readonly tars: readonly BytePath[];
}

class IndexDirectory implements LayerDirectory {
  readonly #site: Site;
  readonly #inode: Inode;
  readonly opaque: boolean;
  #children: ReadonlyMap<string, number> | undefined;
  readonly #last = new LastChild();

  constructor(site: Site, inode: Inode) {
    this.#site = site;
    this.#inode = inode;
    this.opaque = overlay.areOpaque(inode.xattrs);
  }

  get listed(): boolean {
    return isListedRoot(this.#inode);
  }

  node(path: BytePath): TreeNode {
    return { entry: { type: "directory", ...metadataOf(path, this.#inode) }, inode: undefined };
  }

  names(): Iterable<string> {
    return this.#nids().keys();
  }

  child(name: string): LayerChild | undefined {
    return this.#last.of(name, (wanted) => this.#childNamed(wanted));
  }

  #childNamed(name: string): LayerChild | undefined {
    const nid = this.#nid(name);
    if (nid === undefined) return undefined;
    const inode = this.#site.image.inode(nid);
    if (inode.type === fileTypes.directory) {
      return { kind: "directory", directory: new IndexDirectory(this.#site, inode) };
    }
    if (inode.type === fileTypes.char && inode.device === 0) return { kind: "whiteout" };
    return { kind: "other", node: (path) => nodeOf(path, inode, this.#site) };
  }

  /** Once they are listed, a walk asks for all of them. */
  #nid(name: string): number | undefined {
    if (this.#children !== undefined) return this.#children.get(name);
    return this.#site.image.child(this.#inode, name);
  }

  #nids(): ReadonlyMap<string, number> {
    return (this.#children ??= this.#site.image.children(this.#inode));
  }
}

/** Whether a root directory is that of a changeset which lists it. */
export function isListedRoot({ xattrs }: Inode): boolean {
  return overlay.areRootListed(xattrs);
}

function nodeOf(path: BytePath, inode: Inode, site: Site): TreeNode {
  const identity = inode.links < 2 ? undefined : `${site.tars[0]} ${inode.number}`;
  return { entry: entryOf(path, inode, site), inode: identity };
}

function entryOf(path: BytePath, inode: Inode, { image, tars }: Site): TreeNode["entry"] {
  const common = metadataOf(path, inode);
  switch (inode.type) {
    case fileTypes.symlink:
      return { ...common, type: "symlink", target: image.target(inode) };
    case fileTypes.char:
      return { ...common, type: "char", ...deviceOf(inode) };
    case fileTypes.block:
      return { ...common, type: "block", ...deviceOf(inode) };
    case fileTypes.fifo:
      return { ...common, type: "fifo" };
    default: {
      const { device, offset } = image.contentPlace(inode) ?? nowhere;
      const tar = tars[device - 1];
      const content = tar === undefined ? nothing : { kind: "file" as const, path: tar, offset };
      const sha256 = image.sha256(inode);
      return { ...common, type: "file", size: inode.size, content, sha256 };
    }
  }
}

const nowhere = { device: 0, offset: 0 };
const nothing = { kind: "bytes", bytes: new Uint8Array(0) } as const;

function deviceOf({ device }: Inode): { readonly major: number; readonly minor: number } {
  return { major: (device >>> 8) & 0xfff, minor: (device & 0xff) | ((device >>> 12) & 0xfff00) };
}

/** What entries of most types tell of an inode. */
export function metadataOf(path: BytePath, { mode, uid, gid, mtime, xattrs }: Inode) {
  const kept = new Map<string, Uint8Array>();
  for (const [stored, value] of xattrs) {
    const name = overlay.unescape(stored);
    if (name !== undefined) kept.set(name, value);
  }
  return { path, mode, uid, gid, mtime, ...(kept.size === 0 ? {} : { xattrs: kept }) };
}
