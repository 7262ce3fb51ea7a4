import { uppermostFirst } from "./layer-files.js";
import { MemoryDirectory } from "./memory-directory.js";
import { OverlayActive, type CommitUpper } from "./overlay-active.js";
import { mountOverlay } from "./overlay-mounts.js";
import { OverlayXattrs } from "./overlay-xattrs.js";
import { rootMetadata, writeRoot } from "./root-directory.js";
import type { ActiveSnapshot, LayerChain, LayerId } from "./snapshotter.js";
import type { Workspace, Workspaces } from "./workspaces.js";

export interface OverlayStatesOptions {
  readonly workspaces: Workspaces;
  readonly userNamespace: boolean;
  /** The host path of a directory that is the layer in overlayfs form. */
  readonly lower: (id: LayerId) => string;
  readonly commit: CommitUpper;
  /** Collect changes in memory, of that many bytes at most. */
  readonly changesInMemory?: number | undefined;
}

/** In a workspace, where changes are collected in memory. */
const MEMORY = "memory";

/** Filesystem states as overlays of layer directories, however those come to be. */
export class OverlayStates {
  readonly #options: OverlayStatesOptions;
  readonly #overlay: OverlayXattrs;
  /** By chain. */
  readonly #views = new Map<
    string,
    { readonly chain: LayerChain; readonly root: Promise<string> }
  >();

  constructor(options: OverlayStatesOptions) {
    this.#options = options;
    this.#overlay = new OverlayXattrs(options);
  }

  /** A writable state over `parent`. */
  // eslint-disable-next-line @typescript-eslint/require-await -- a throw must become a rejection
  async prepare(parent: LayerChain): Promise<ActiveSnapshot> {
    const { userNamespace, commit, workspaces } = this.#options;
    const lowers = this.#visible(parent);
    const metadata = rootMetadata(lowers, this.#overlay);
    const { workspace, make } = workspaces.take();
    const root = workspaces.mountPoint();
    const memory = this.#memory(make);
    const collected = memory === undefined ? "" : `${MEMORY}/`;
    const [upper, work] = [make(`${collected}upper`), make(`${collected}work`)];
    try {
      writeRoot(upper, metadata, userNamespace);
      if (lowers.length === 0) lowers.push(make("empty"));
      mountOverlay({ target: root, lowers, upper: { changes: upper, work }, userNamespace });
    } catch (error) {
      memory?.[Symbol.dispose]();
      throw error;
    }
    const changes = { workspace, upper, memory };
    const own = { root, commit, overlay: this.#overlay, rootMetadata: metadata };
    return new OverlayActive({ ...changes, ...own, workspaces });
  }

  #memory(make: Workspace["make"]): MemoryDirectory | undefined {
    const { changesInMemory: size, userNamespace } = this.#options;
    return size === undefined
      ? undefined
      : MemoryDirectory.mount(make(MEMORY), size, userNamespace);
  }

  /** The root directory of a read-only state. */
  view(chain: LayerChain): Promise<string> {
    const key = chain.join("/");
    const known = this.#views.get(key);
    if (known !== undefined) return known.root;
    const root = this.#mountView(chain);
    this.#views.set(key, { chain, root });
    root.catch(() => this.#views.delete(key));
    return root;
  }

  /** The uppermost directory is empty and carries the root's metadata; overlayfs wants two anyway. */
  // eslint-disable-next-line @typescript-eslint/require-await -- a throw must become a rejection
  async #mountView(chain: LayerChain): Promise<string> {
    const { userNamespace, workspaces } = this.#options;
    const lowers = this.#visible(chain);
    const { make } = workspaces.take();
    const [root, top] = [workspaces.mountPoint(), make("top")];
    writeRoot(top, rootMetadata(lowers, this.#overlay), userNamespace);
    if (lowers.length === 0) lowers.push(make("empty"));
    mountOverlay({ target: root, lowers: [top, ...lowers], upper: undefined, userNamespace });
    return root;
  }

  /** Takes away every view that shows the layer. */
  async unmountViewsOf(id: LayerId): Promise<void> {
    for (const [key, view] of this.#views) {
      if (!view.chain.includes(id)) continue;
      this.#views.delete(key);
      this.#options.workspaces.unmount(await view.root);
    }
  }

  /** Layer directories, the uppermost first, as far down as they can be seen through. */
  #visible(chain: LayerChain): string[] {
    const visible: string[] = [];
    // overlayfs refuses (ELOOP) a layer that is there twice; the upper one hides all of the lower one
    for (const id of uppermostFirst(chain)) {
      const directory = this.#options.lower(id);
      visible.push(directory);
      // overlayfs does not look for this mark on the root directory
      if (this.#overlay.isOpaque(directory)) break;
    }
    return visible;
  }
}
