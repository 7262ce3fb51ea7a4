import { seenThrough, uppermostFirst } from "./layer-files.js";
import { MemoryDirectory } from "./memory-directory.js";
import { MergedLayers, type MergeLayers } from "./merged-layers.js";
import { OverlayActive, type CommitUpper } from "./overlay-active.js";
import {
  MOST_LOWERS,
  mountOverlay,
  mountOverlayAside,
  type OverlayRequest,
} from "./overlay-mounts.js";
import { OverlayXattrs } from "./overlay-xattrs.js";
import { layerRoot, rootMetadata, writeRoot, type LayerRoot } from "./root-directory.js";
import type { ActiveSnapshot, LayerChain, LayerId } from "./snapshotter.js";
import { StandInLayer, type StandIns } from "./stand-ins.js";
import type { Workspace, Workspaces } from "./workspaces.js";

/** What both drivers share. */
export interface OverlayStatesOptions {
  readonly workspaces: Workspaces;
  readonly userNamespace: boolean;
  /** The host path of a directory that is the layer in overlayfs form. */
  readonly lower: (id: LayerId) => string;
  readonly merge: MergeLayers;
  readonly commit: CommitUpper;
  /** Whether what is committed may be mounted again as it is. */
  readonly keepsUpper: boolean;
  /** Collect changes in memory, of that many bytes at most. */
  readonly changesInMemory?: number | undefined;
}

/** In a workspace, where changes are collected in memory. */
const MEMORY = "memory";

/** The directories of a writable state. */
interface Site extends Workspace {
  readonly root: string;
  readonly upper: string;
  readonly work: string;
  readonly memory: MemoryDirectory | undefined;
}

/** A writable state that is being made before it is asked for. */
interface Coming {
  readonly standIns: StandIns | undefined;
  readonly snapshot: Promise<ActiveSnapshot>;
}

/** Filesystem states as overlays of layer directories, however those come to be. */
export class OverlayStates {
  readonly #options: OverlayStatesOptions;
  readonly #overlay: OverlayXattrs;
  readonly #merged: MergedLayers;
  /** Of each kind that was asked for. */
  readonly #standIns = new Map<StandIns, StandInLayer>();
  /** Of the next writable state. */
  #ahead: Site | undefined;
  /** By the chain of the parent. */
  readonly #coming = new Map<string, Coming>();
  /** Of layers that were asked for: none of them changes. */
  readonly #roots = new Map<LayerId, LayerRoot>();
  /** By chain. */
  readonly #views = new Map<
    string,
    { readonly chain: LayerChain; readonly root: Promise<string> }
  >();

  constructor(options: OverlayStatesOptions) {
    this.#options = options;
    this.#overlay = new OverlayXattrs(options);
    this.#merged = new MergedLayers(options.merge);
  }

  /** Makes directories for the next writable state, or all of it once its parent is known. */
  getReady(parent?: LayerChain, standIns?: StandIns): void {
    if (parent === undefined) {
      this.#ahead ??= this.#makeSite();
      return;
    }
    const key = keyOf(parent);
    if (this.#coming.has(key)) return;
    const snapshot = this.#prepare(parent, standIns, mountOverlayAside);
    snapshot.catch(() => undefined); // told by `prepare`
    this.#coming.set(key, { standIns, snapshot });
  }

  #makeSite(): Site {
    const { workspaces } = this.#options;
    const { workspace, make } = workspaces.take();
    const root = workspaces.mountPoint();
    const memory = this.#memory(make);
    const collected = memory === undefined ? "" : `${MEMORY}/`;
    const [upper, work] = [make(`${collected}upper`), make(`${collected}work`)];
    return { workspace, make, root, upper, work, memory };
  }

  /** A writable state over `parent`, with files that no layer has. */
  prepare(parent: LayerChain, standIns?: StandIns): Promise<ActiveSnapshot> {
    const key = keyOf(parent);
    const coming = this.#coming.get(key);
    if (coming === undefined || coming.standIns !== standIns)
      return this.#prepare(parent, standIns, mountOverlay);
    this.#coming.delete(key);
    return coming.snapshot;
  }

  /** Drops what was made ready and not asked for. */
  async dropComing(): Promise<void> {
    const snapshots = [...this.#coming.values()].map(({ snapshot }) => snapshot);
    this.#coming.clear();
    for (const snapshot of await Promise.allSettled(snapshots)) {
      if (snapshot.status === "fulfilled") await snapshot.value[Symbol.asyncDispose]();
    }
  }

  async #prepare(
    parent: LayerChain,
    standIns: StandIns | undefined,
    mountOverlay: (request: OverlayRequest) => Promise<void> | void,
  ): Promise<ActiveSnapshot> {
    const { userNamespace, commit, workspaces, keepsUpper } = this.#options;
    const roots = await this.#visible(parent);
    const metadata = rootMetadata(roots);
    const { workspace, make, root, upper, work, memory } = this.#ahead ?? this.#makeSite();
    this.#ahead = undefined;
    try {
      writeRoot(upper, metadata, userNamespace);
      const layers = roots.length === 0 ? [make("empty")] : roots.map(({ directory }) => directory);
      const lowers = [...layers, ...this.#below(roots, standIns)];
      await mountOverlay({ target: root, lowers, upper: { changes: upper, work }, userNamespace });
    } catch (error) {
      memory?.[Symbol.dispose]();
      throw error;
    }
    const changes = { parent, workspace, upper, memory };
    const own = { root, commit, keepsUpper, overlay: this.#overlay, rootMetadata: metadata };
    return new OverlayActive({ ...changes, ...own, workspaces });
  }

  #below(roots: readonly LayerRoot[], standIns: StandIns | undefined): readonly string[] {
    if (standIns === undefined) return [];
    let layer = this.#standIns.get(standIns);
    if (layer === undefined) {
      layer = new StandInLayer(standIns, this.#options.workspaces.take().make);
      this.#standIns.set(standIns, layer);
    }
    return layer.below(roots);
  }

  #memory(make: Workspace["make"]): MemoryDirectory | undefined {
    const { changesInMemory: size, userNamespace } = this.#options;
    return size === undefined
      ? undefined
      : MemoryDirectory.mount(make(MEMORY), size, userNamespace);
  }

  /** The root directory of a read-only state. */
  view(chain: LayerChain): Promise<string> {
    const key = keyOf(chain);
    const known = this.#views.get(key);
    if (known !== undefined) return known.root;
    const root = this.#mountView(chain);
    this.#views.set(key, { chain, root });
    root.catch(() => this.#views.delete(key));
    return root;
  }

  /** The uppermost directory is empty and carries the root's metadata; overlayfs wants two anyway. */
  async #mountView(chain: LayerChain): Promise<string> {
    const { userNamespace, workspaces } = this.#options;
    const roots = await this.#visible(chain);
    const { make } = workspaces.take();
    const [root, top] = [workspaces.mountPoint(), make("top")];
    writeRoot(top, rootMetadata(roots), userNamespace);
    const below = roots.length === 0 ? [make("empty")] : roots.map(({ directory }) => directory);
    mountOverlay({ target: root, lowers: [top, ...below], upper: undefined, userNamespace });
    return root;
  }

  /** Takes away every view that shows the layer, and forgets what is known of it. */
  async unmountViewsOf(id: LayerId): Promise<void> {
    this.#roots.delete(id);
    for (const [key, view] of this.#views) {
      if (!view.chain.includes(id)) continue;
      this.#views.delete(key);
      this.#options.workspaces.unmount(await view.root);
    }
  }

  /** Asks for the directories of layers anew from now on. */
  forgetRoots(): void {
    this.#roots.clear();
  }

  /** Layers, the uppermost first, as far down as they can be seen through. */
  async #visible(chain: LayerChain): Promise<readonly LayerRoot[]> {
    const ids = uppermostFirst(chain);
    if (ids.length < MOST_LOWERS) return seenThrough(this.#rootsOf(ids));
    const { above, bottom } = await this.#merged.shorten(chain, MOST_LOWERS - 2);
    const roots = [...this.#rootsOf(uppermostFirst(above)), layerRoot(bottom, this.#overlay)];
    return seenThrough(roots);
  }

  #rootsOf(ids: readonly LayerId[]): LayerRoot[] {
    return ids.map((id) => {
      const known = this.#roots.get(id);
      if (known !== undefined) return known;
      const root = layerRoot(this.#options.lower(id), this.#overlay);
      this.#roots.set(id, root);
      return root;
    });
  }
}

function keyOf(chain: LayerChain): string {
  return chain.join("/");
}
