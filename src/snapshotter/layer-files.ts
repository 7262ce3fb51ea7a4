import type { BytePath } from "../oci/changeset.js";
import { unlistedRoot } from "./metadata.js";
import type { LayerChain, LayerId } from "./snapshotter.js";
import type { FileTree, TreeNode } from "../oci/file-tree.js";

/** One directory of one layer. */
export interface LayerDirectory {
  /** Hides what lower layers have in it. */
  readonly opaque: boolean;
  /** Of a root directory: whether the layer says what it is like. */
  readonly listed: boolean;
  node(path: BytePath): TreeNode;
  /** In no order. */
  names(): Iterable<string>;
  child(name: string): LayerChild | undefined;
}

/** What a layer has under a name. */
export type LayerChild =
  | { readonly kind: "whiteout" }
  | { readonly kind: "directory"; readonly directory: LayerDirectory }
  | { readonly kind: "other"; node(path: BytePath): TreeNode };

/** A directory of a state: those of its layers that can be seen through, the uppermost first. */
type Merged = readonly LayerDirectory[];

/** What a state has under a name. */
type Found = Merged | Extract<LayerChild, { readonly kind: "other" }>;

/** A directory on the way to what was asked for last. */
interface Step {
  readonly name: string;
  readonly merged: Merged;
  /** Once it was listed. */
  children?: ReadonlyMap<string, Found>;
}

/**
 * The files of a state, looked up in its layers as overlayfs would ("whiteouts and opaque directories",
 * "merged directories"), so that nothing needs to be mounted for a few questions.
 */
export class LayeredFiles implements FileTree {
  /** The directory that was asked for last, and those on the way. */
  readonly #way: Step[];

  /** Root directories of the layers, the uppermost first. */
  constructor(roots: readonly LayerDirectory[]) {
    this.#way = [{ name: "", merged: seenThrough(roots) }];
  }

  lstat(path: BytePath): TreeNode | undefined {
    if (path === "") return this.#root();
    const at = path.lastIndexOf("/");
    const parent = this.#directory(path.slice(0, Math.max(0, at)));
    const found = parent && childOf(parent, path.slice(at + 1));
    if (found === undefined) return undefined;
    return "node" in found ? found.node(path) : found[0]?.node(path);
  }

  names(path: BytePath): readonly BytePath[] {
    const directory = this.#directory(path);
    if (directory === undefined) return [];
    directory.children ??= childrenOf(directory.merged);
    return [...directory.children.keys()].sort() as BytePath[];
  }

  #root(): TreeNode {
    const layers = this.#way[0]?.merged ?? [];
    const listed = layers.find((layer) => layer.listed);
    return listed?.node("" as BytePath) ?? { entry: unlistedRoot, inode: undefined };
  }

  /** A walk asks for neighbours: what is the same on the way is not looked up again. */
  #directory(path: string): Step | undefined {
    const names = path === "" ? [] : path.split("/");
    const way = this.#way;
    let known = 1;
    while (known < way.length && known <= names.length && way[known]?.name === names[known - 1])
      known++;
    way.length = known;
    for (const name of names.slice(known - 1)) {
      const above = way.at(-1);
      const found = above && childOf(above, name);
      if (found === undefined || "node" in found) return undefined;
      way.push({ name, merged: found });
    }
    return way.at(-1);
  }
}

/** A walk asks for each name right after the list: that is looked up only once. */
function childOf({ merged, children }: Step, name: string): Found | undefined {
  return children === undefined ? find(merged, name) : children.get(name);
}

function childrenOf(merged: Merged): ReadonlyMap<string, Found> {
  const children = new Map<string, Found>();
  for (const name of new Set(merged.flatMap((layer) => [...layer.names()]))) {
    const found = find(merged, name);
    if (found !== undefined) children.set(name, found);
  }
  return children;
}

function find(directory: Merged, name: string): Found | undefined {
  const directories: LayerDirectory[] = [];
  for (const layer of directory) {
    const child = layer.child(name);
    if (child === undefined) continue;
    if (child.kind !== "directory") {
      if (directories.length > 0 || child.kind === "whiteout") break;
      return child;
    }
    directories.push(child.directory);
    if (child.directory.opaque) break;
  }
  return directories.length === 0 ? undefined : directories;
}

/** Of layers, the uppermost first, those down to the first that hides what is below it. */
export function seenThrough<Layer extends { readonly opaque: boolean }>(
  layers: readonly Layer[],
): readonly Layer[] {
  const opaque = layers.findIndex((layer) => layer.opaque);
  return opaque < 0 ? layers : layers.slice(0, opaque + 1);
}

/** The files that a chain shows, where `rootOf` gives those of one layer. */
// eslint-disable-next-line @typescript-eslint/require-await -- a throw must become a rejection
export async function layeredFiles(
  chain: LayerChain,
  rootOf: (id: LayerId) => LayerDirectory,
): Promise<FileTree> {
  return new LayeredFiles(uppermostFirst(chain).map(rootOf));
}

/** The layers of a chain as they are looked through: one that is there twice hides itself further down. */
export function uppermostFirst(chain: LayerChain): readonly LayerId[] {
  return [...new Set([...chain].reverse())];
}
