import {
  type BytePath,
  type Entry,
  type DeviceEntry,
  type FifoEntry,
  type FileEntry,
  type SymlinkEntry,
} from "../oci/changeset.js";
import { MAX_SYMLINKS } from "../sys/limits.js";
import { unlistedDirectory, type Metadata } from "./metadata.js";
import { notDirectory } from "./write-errors.js";

/** A file of any kind; each of its hard links is the same node. */
export interface FileNode {
  readonly kind: "file";
  entry: FileEntry | SymlinkEntry | DeviceEntry | FifoEntry;
}

/** A directory of a layer. */
export interface DirectoryNode {
  readonly kind: "directory";
  metadata: Metadata;
  /** Of the root only: whether the changeset has an entry for it. */
  listed: boolean;
  opaque: boolean;
  readonly children: Map<string, Node>;
}

/** What may have a name in a layer. */
export type Node = FileNode | DirectoryNode | { readonly kind: "whiteout" };

/** A name, and the directory that has it or could. */
export interface Place {
  readonly parent: DirectoryNode;
  readonly name: string;
}

/** Tells a directory from everything else, and from nothing. */
export function isDirectory(node: Node | undefined): node is DirectoryNode {
  return node?.kind === "directory";
}

/** The files of a layer, in memory; contents stay where they are. */
export class LayerTree {
  readonly root: DirectoryNode = { ...this.makeDirectory(), listed: false };

  /** A directory that no entry describes. */
  makeDirectory(): DirectoryNode {
    const children = new Map<string, Node>();
    return {
      kind: "directory",
      metadata: unlistedDirectory,
      listed: true,
      opaque: false,
      children,
    };
  }

  /**
   * The place of an entry other than the root. Symlinks on the way are followed as a process with this
   * root would, and parents made where they are missing.
   */
  locate(path: BytePath): Place {
    const at = path.lastIndexOf("/");
    return { parent: this.#resolve(path.slice(0, Math.max(0, at))), name: path.slice(at + 1) };
  }

  #resolve(directory: string): DirectoryNode {
    const pending = directory.split("/").reverse();
    let way = [this.root];
    let links = 0;
    for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
      if (part === "" || part === ".") continue;
      if (part === "..") {
        if (way.length > 1) way.pop(); // at the root, ".." is the root
        continue;
      }
      const next = this.#enter(way.at(-1) ?? this.root, part, directory);
      if (typeof next !== "string") {
        way.push(next);
        continue;
      }
      if (++links > MAX_SYMLINKS) throw notDirectory(directory, "has too many symbolic links");
      if (next.startsWith("/")) way = [this.root];
      pending.push(...next.split("/").reverse());
    }
    return way.at(-1) ?? this.root;
  }

  /** The directory of that name, made where it is missing; of a symlink the target. */
  #enter(parent: DirectoryNode, name: string, path: string): DirectoryNode | string {
    const node = parent.children.get(name);
    if (isDirectory(node)) return node;
    if (node?.kind === "file") {
      if (node.entry.type === "symlink") return node.entry.target;
      throw notDirectory(path, "is not a directory");
    }
    const made = this.makeDirectory();
    made.opaque = node !== undefined; // over a whiteout
    parent.children.set(name, made);
    return made;
  }

  /** Everything, in order; of a file with several names the first is the file, the others are links. */
  *entries(): Generator<Entry> {
    const root = "" as BytePath;
    if (this.root.listed) yield { type: "directory", path: root, ...this.root.metadata };
    if (this.root.opaque) yield { type: "opaque", path: root };
    const firstNames = new Map<FileNode, BytePath>();
    const open = [namesOf(this.root, "")];
    for (let names = open.at(-1); names !== undefined; names = open.at(-1)) {
      const next = names.pop();
      if (next === undefined) {
        open.pop();
        continue;
      }
      const [path, node] = next;
      yield* entriesOf(path, node, firstNames);
      if (isDirectory(node)) open.push(namesOf(node, `${path}/`));
    }
  }
}

/** The first one last. */
function namesOf(directory: DirectoryNode, prefix: string): [BytePath, Node][] {
  const names = [...directory.children.keys()].sort().reverse();
  const nodes: [BytePath, Node][] = [];
  for (const name of names) {
    const node = directory.children.get(name);
    if (node !== undefined) nodes.push([`${prefix}${name}` as BytePath, node]);
  }
  return nodes;
}

function* entriesOf(
  path: BytePath,
  node: Node,
  firstNames: Map<FileNode, BytePath>,
): Generator<Entry> {
  if (node.kind === "whiteout") {
    yield { type: "whiteout", path };
  } else if (node.kind === "directory") {
    yield { type: "directory", path, ...node.metadata };
    if (node.opaque) yield { type: "opaque", path };
  } else {
    const { mode, uid, gid, mtime, xattrs } = node.entry;
    const target = firstNames.get(node);
    if (target === undefined) {
      firstNames.set(node, path);
      yield { ...node.entry, path };
    } else {
      const metadata = { mode, uid, gid, mtime, ...(xattrs === undefined ? {} : { xattrs }) };
      yield { type: "hardlink", path, target, ...metadata };
    }
  }
}
