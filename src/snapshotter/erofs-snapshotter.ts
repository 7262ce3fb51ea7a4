import { existsSync, readdirSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Changeset, Entry } from "../oci/changeset.js";
import type { FileTree } from "../oci/file-tree.js";
import { syncPath } from "../sys/sync-path.js";
import { DirectoryDraft } from "./directory-draft.js";
import { directoryFiles } from "./directory-files.js";
import { openDirectorySnapshotter } from "./directory-snapshotter.js";
import { indexFiles } from "./erofs/index-files.js";
import { keepLayer, readKeptLayer } from "./erofs/keep-layer.js";
import { layerContents, type FindContent } from "./erofs/layer-contents.js";
import { mergeIndexes } from "./erofs/merge-indexes.js";
import { LayerMounts } from "./erofs/layer-mounts.js";
import { FOREIGN_MARK, INDEX_NAME, TAR_NAME } from "./erofs/layer-place.js";
import { mountMerged } from "./erofs/mount-layer.js";
import { patchLayer } from "./erofs/patch-layer.js";
import { readStoredLayer, storedTar } from "./erofs/stored-tar.js";
import { withContents } from "./erofs/with-contents.js";
import { measureLayer, writeLayer, type MeasuredLayer } from "./erofs/write-layer.js";
import {
  atOnce,
  draftLayer,
  isPublished,
  removePublished,
  type MakeDraft,
} from "./layer-directories.js";
import { layeredFiles, LayeredFiles, uppermostFirst, type LayerDirectory } from "./layer-files.js";
import { directoryName, erofsName, idOfLayer, layerGone } from "./layer-names.js";
import { overlayChanges } from "./overlay-changes.js";
import type { CollectedChanges } from "./overlay-active.js";
import { OverlayStates } from "./overlay-states.js";
import { OverlayXattrs } from "./overlay-xattrs.js";
import type {
  ActiveSnapshot,
  DraftLayer,
  KnownChanges,
  LayerChain,
  LayerId,
  LayerMeasure,
  Replacement,
  Snapshotter,
} from "./snapshotter.js";
import { StateBelow } from "./state-below.js";
import type { StandIns } from "./stand-ins.js";
import { Workspaces, type Workspace } from "./workspaces.js";

/** What the EROFS driver works with. */
export interface ErofsSnapshotterOptions {
  /** Published layers: each `<id>.erofs/` is one; `<id>/`, of the directory driver, is another. */
  readonly layers: string;
  /** For this process alone, on the same filesystem as `layers`; may vanish with the process. */
  readonly work: string;
  /** This driver is for root only. */
  readonly userNamespace: false;
  /** Collect what a RUN writes in memory, of that many bytes at most. */
  readonly changesInMemory?: number | undefined;
}

/**
 * The driver that never unpacks: each layer is its tar, and an EROFS image that tells the kernel where
 * in the tar each file is. It also takes the layers of the directory driver as they are.
 */
export async function openErofsSnapshotter(options: ErofsSnapshotterOptions): Promise<Snapshotter> {
  return new ErofsSnapshotter(options, await openDirectorySnapshotter(options));
}

class ErofsSnapshotter implements Snapshotter {
  readonly name = "erofs";
  readonly #options: ErofsSnapshotterOptions;
  readonly #overlay: OverlayXattrs;
  readonly #states: OverlayStates;
  readonly #directories: Snapshotter;
  readonly #workspaces: Workspaces;
  /** Files of layers that have few. */
  readonly #roots = new Map<LayerId, LayerDirectory>();
  readonly #mounts: LayerMounts;

  constructor(options: ErofsSnapshotterOptions, directories: Snapshotter) {
    this.#options = options;
    this.#directories = directories;
    this.#workspaces = new Workspaces(options.work);
    this.#mounts = new LayerMounts(this.#workspaces);
    this.#overlay = new OverlayXattrs(options);
    this.#states = new OverlayStates({
      ...options,
      workspaces: this.#workspaces,
      lower: (id) => this.#lower(id),
      merge: (chain) => this.#merge(chain),
      commit: (changes, signal) => this.#commit(changes, signal),
      keepsUpper: false,
    });
  }

  prepare(parent: LayerChain, standIns?: StandIns): Promise<ActiveSnapshot> {
    return this.#states.prepare(parent, standIns);
  }

  getReady(parent?: LayerChain, standIns?: StandIns): void {
    this.#states.getReady(parent, standIns);
  }

  view(chain: LayerChain): Promise<string> {
    return this.#states.view(chain);
  }

  files(chain: LayerChain): Promise<FileTree> {
    return layeredFiles(chain, (id) => this.#rootOf(id));
  }

  /** Small indexes are read once: a chain of hundreds of layers is asked for at each step. */
  #rootOf(id: LayerId): LayerDirectory {
    const known = this.#roots.get(id);
    if (known !== undefined) return known;
    const size = statSync(join(this.#path(id), INDEX_NAME), { throwIfNoEntry: false })?.size;
    if (size === undefined) return directoryFiles(this.#directory(id), this.#overlay);
    const root = indexFiles(this.#path(id));
    if (size <= SMALL_INDEX) this.#roots.set(id, root);
    return root;
  }

  ingest(
    changes: Changeset,
    { similar, tree }: KnownChanges = {},
    signal?: AbortSignal,
  ): Promise<DraftLayer> {
    const found = similar === undefined ? changes : withContents(changes, this.#contents(similar));
    const fill = (directory: string): Promise<MeasuredLayer> =>
      measureLayer(found, directory, { signal, tree });
    return draftLayer(this.#workspaces, fill, this.#draft);
  }

  /** All are listed for many files; a few are read where they are. Digests are not kept beside directories. */
  #contents(id: LayerId): FindContent {
    const layer = this.#path(id);
    let passed = 0;
    let find: FindContent | undefined;
    return (sha256, size) => {
      if (passed < FEW) {
        passed++;
        return undefined;
      }
      find ??= existsSync(layer) ? layerContents(layer, passed) : () => undefined;
      return find(sha256, size);
    };
  }

  async replace(
    base: LayerId,
    { entries, tree }: Replacement,
    signal?: AbortSignal,
  ): Promise<DraftLayer | undefined> {
    const layer = this.#path(base);
    if (!isPublished(layer) || existsSync(join(layer, FOREIGN_MARK))) return undefined;
    const write = patchLayer(layer, entries);
    return (
      write &&
      this.#writeNow(async (directory) => ({
        ...(await write(directory, signal)),
        tree: await tree,
      }))
    );
  }

  ingestTar(tar: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<DraftLayer> {
    return this.#writeNow((directory) => keepLayer(tar, directory, signal));
  }

  #writeNow(fill: (directory: string) => Promise<LayerMeasure>): Promise<DraftLayer> {
    return draftLayer(this.#workspaces, atOnce(fill), this.#draft);
  }

  /** What a RUN wrote goes into a tar, and away: then it never needs to reach the disk. */
  async #commit(
    { parent, workspace, upper, memory }: CollectedChanges,
    signal?: AbortSignal,
  ): Promise<DraftLayer> {
    const directory = join(workspace, "layer");
    const below = new StateBelow(() => this.files(parent));
    const changes = overlayChanges(upper, this.#overlay, below);
    const measured = await measureLayer(changes, directory, { signal });
    if (memory === undefined) this.#workspaces.remove(upper);
    else memory[Symbol.dispose]();
    return this.#draft({ workspace, directory, ...measured });
  }

  readonly #draft: MakeDraft = (measured) => {
    const own = { nameOf: erofsName, sync: syncFiles, workspaces: this.#workspaces };
    const { layers } = this.#options;
    return new DirectoryDraft({ ...measured, layers, ...own });
  };

  async *changes(id: LayerId): AsyncGenerator<Entry> {
    const layer = this.#path(id);
    if (isPublished(layer)) {
      const isForeign = existsSync(join(layer, FOREIGN_MARK));
      yield* isForeign ? readKeptLayer(join(layer, TAR_NAME)) : readStoredLayer(layer);
    } else {
      yield* this.#directories.changes(id);
    }
  }

  async *tar(id: LayerId): AsyncGenerator<Uint8Array> {
    const layer = this.#path(id);
    if (isPublished(layer)) {
      yield* storedTar(layer);
    } else {
      yield* this.#directories.tar(id);
    }
  }

  async has(id: LayerId): Promise<boolean> {
    return isPublished(this.#path(id)) || (await this.#directories.has(id));
  }

  async remove(id: LayerId): Promise<void> {
    await this.#states.unmountViewsOf(id);
    this.#roots.delete(id);
    this.#mounts.unmount(id);
    await removePublished(this.#path(id), this.#workspaces);
    await this.#directories.remove(id);
  }

  async list(): Promise<readonly LayerId[]> {
    return [...new Set((await readdir(this.#options.layers)).map(idOfLayer))];
  }

  release(): void {
    this.#states.forgetRoots();
    this.#workspaces.release(); // an overlay keeps all of its layers
    this.#mounts.release();
  }

  async settled(): Promise<void> {
    await this.#states.dropComing();
    this.release();
    await this.#mounts.settled();
    await this.#workspaces.settled();
    await this.#directories.settled();
  }

  /** Mounted once, until all are released. */
  #lower(id: LayerId): string {
    const known = this.#mounts.find(id);
    if (known !== undefined) return known;
    const layer = this.#path(id);
    if (statSync(layer, { throwIfNoEntry: false }) === undefined) return this.#directory(id);
    return this.#mounts.mount(id, layer);
  }

  /** An index over their tars. */
  async #merge(chain: LayerChain): Promise<string> {
    const { make } = this.#workspaces.take();
    const layers: string[] = [];
    for (const id of uppermostFirst(chain)) layers.push(await this.#packed(id, make));
    const directory = make("merged");
    mergeIndexes(new LayeredFiles(layers.map(indexFiles)), layers, directory);
    const target = this.#workspaces.mountPoint();
    mountMerged(directory, layers, target);
    return target;
  }

  /** Where a layer is a tar and an index; of what the directory driver unpacked, a copy. */
  async #packed(id: LayerId, make: Workspace["make"]): Promise<string> {
    const layer = this.#path(id);
    if (isPublished(layer)) return layer;
    const copy = make(directoryName(id));
    await writeLayer(this.#directories.changes(id), copy);
    return copy;
  }

  #directory(id: LayerId): string {
    const path = join(this.#options.layers, directoryName(id));
    if (statSync(path, { throwIfNoEntry: false }) === undefined) throw layerGone(id);
    return path;
  }

  #path(id: LayerId): string {
    return join(this.#options.layers, erofsName(id));
  }
}

/** Files that are read sooner than a large layer is looked through for them. */
const FEW = 64;

/** Of an index that is kept in memory, in bytes. */
const SMALL_INDEX = 1 << 20;

/** All files at once: the filesystem's journal then has one commit for them, not several. */
async function syncFiles(layer: string): Promise<void> {
  const files = readdirSync(layer).map((name) => join(layer, name));
  await Promise.all([...files, layer].map(syncPath));
}
