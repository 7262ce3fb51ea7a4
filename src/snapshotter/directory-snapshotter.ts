import { mkdirSync, statSync } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { toBytePath, type Changeset, type Entry } from "../oci/changeset.js";
import { writeLayerTar } from "../oci/layer-tar.js";
import { syncFilesystem } from "../sys/filesystems.js";
import type { FileTree } from "../oci/file-tree.js";
import { DirectoryDraft } from "./directory-draft.js";
import { directoryFiles } from "./directory-files.js";
import { directoryName, idOfDirectory, layerGone } from "./layer-names.js";
import {
  atOnce,
  draftLayer,
  isPublished,
  removePublished,
  type MakeDraft,
} from "./layer-directories.js";
import { layeredFiles, type LayerDirectory } from "./layer-files.js";
import { materialize, Materializer } from "./materialize.js";
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
  Snapshotter,
} from "./snapshotter.js";
import { StateBelow } from "./state-below.js";
import type { StandIns } from "./stand-ins.js";
import { treeChanges } from "./tree-changes.js";
import { measureChanges } from "./tree-digest.js";
import { Twins } from "./twins.js";
import { unpackLayer } from "./unpack-layer.js";
import { Workspaces } from "./workspaces.js";

/** What the directory driver works with. */
export interface DirectorySnapshotterOptions {
  /** Published layers: each `<id>/` is one, in overlayfs form. */
  readonly layers: string;
  /** For this process alone, on the same filesystem as `layers`; may vanish with the process. */
  readonly work: string;
  /** Whether this process is root only in a user namespace. */
  readonly userNamespace: boolean;
  /** Collect what a RUN writes in memory, of that many bytes at most. */
  readonly changesInMemory?: number | undefined;
}

/** The driver that keeps each layer as a directory and mounts overlays of them. */
// eslint-disable-next-line @typescript-eslint/require-await -- a throw must become a rejection
export async function openDirectorySnapshotter(
  options: DirectorySnapshotterOptions,
): Promise<Snapshotter> {
  // Images hold setuid programs, old and vulnerable ones too: nothing for this machine's other users.
  mkdirSync(options.layers, { recursive: true, mode: 0o700 });
  mkdirSync(options.work, { recursive: true, mode: 0o700 });
  return new DirectorySnapshotter(options);
}

class DirectorySnapshotter implements Snapshotter {
  readonly name = "directory";
  readonly #options: DirectorySnapshotterOptions;
  readonly #overlay: OverlayXattrs;
  readonly #workspaces: Workspaces;
  readonly #states: OverlayStates;
  readonly #roots = new Map<LayerId, LayerDirectory>();

  constructor(options: DirectorySnapshotterOptions) {
    this.#options = options;
    this.#overlay = new OverlayXattrs(options);
    this.#workspaces = new Workspaces(options.work);
    this.#states = new OverlayStates({
      ...options,
      workspaces: this.#workspaces,
      lower: (id) => this.#existing(id),
      merge: (chain) => this.#merge(chain),
      commit: (changes, signal) => this.#commit(changes, signal),
      keepsUpper: true,
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

  /** Kept: a chain of hundreds of layers is asked for at each step. */
  #rootOf(id: LayerId): LayerDirectory {
    const known = this.#roots.get(id);
    if (known !== undefined) return known;
    const root = directoryFiles(this.#existing(id), this.#overlay);
    this.#roots.set(id, root);
    return root;
  }

  ingest(
    changes: Changeset,
    { similar }: KnownChanges = {},
    signal?: AbortSignal,
  ): Promise<DraftLayer> {
    const twins = similar && new Twins(this.#path(similar));
    return this.#write((directory) => this.#measured(changes, { directory, twins }, signal));
  }

  /** Never: to share files with another layer, as `ingest` does, each of them needs a link of its own. */
  replace(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  ingestTar(tar: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<DraftLayer> {
    return this.#write((directory) => unpackLayer(tar, { directory, ...this.#options }, signal));
  }

  /** A tree of links to their files. */
  async #merge(chain: LayerChain): Promise<string> {
    const { userNamespace } = this.#options;
    const directory = this.#workspaces.take().make("merged");
    const changes = treeChanges(await this.files(chain));
    await materialize(changes, directory, { plain: false, userNamespace, linked: true });
    return directory;
  }

  #write(fill: (directory: string) => Promise<LayerMeasure>): Promise<DraftLayer> {
    return draftLayer(this.#workspaces, atOnce(fill), this.#draft);
  }

  async #measured(
    changes: Changeset,
    { directory, twins }: { readonly directory: string; readonly twins: Twins | undefined },
    signal: AbortSignal | undefined,
  ): Promise<LayerMeasure> {
    const { userNamespace } = this.#options;
    const materializer = new Materializer(directory, { plain: false, userNamespace }, twins);
    const measure = await measureChanges(materializer.write(changes), signal);
    if (materializer.exact) return measure;
    // The filesystem did not take all of it: measure what `changes` will tell.
    return measureChanges(overlayChanges(directory, this.#overlay), signal);
  }

  /** The upper directory itself becomes the layer, or a copy of it when it is in memory. */
  async #commit(
    { parent, workspace, upper, memory }: CollectedChanges,
    signal?: AbortSignal,
  ): Promise<DraftLayer> {
    const itself = { directory: toBytePath(upper), overlay: this.#overlay };
    const kept = memory === undefined ? itself : undefined;
    const below = new StateBelow(() => this.files(parent), kept);
    const changes = overlayChanges(upper, this.#overlay, below);
    if (memory === undefined) {
      const measure = await measureChanges(changes, signal);
      return this.#draft({ workspace, directory: upper, measure });
    }
    const draft = await this.ingest(changes, {}, signal);
    memory[Symbol.dispose]();
    this.#workspaces.giveBack({ workspace });
    return draft;
  }

  readonly #draft: MakeDraft = (measured) => {
    const { layers } = this.#options;
    const sync = async (): Promise<void> => {
      await using parent = await open(layers);
      await syncFilesystem(parent.fd);
    };
    const own = { nameOf: directoryName, sync, workspaces: this.#workspaces };
    return new DirectoryDraft({ ...measured, layers, ...own });
  };

  async *changes(id: LayerId): AsyncGenerator<Entry> {
    yield* overlayChanges(this.#existing(id), this.#overlay);
  }

  tar(id: LayerId): AsyncIterable<Uint8Array> {
    return writeLayerTar(this.changes(id));
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- a throw must become a rejection
  async has(id: LayerId): Promise<boolean> {
    return isPublished(this.#path(id));
  }

  async remove(id: LayerId): Promise<void> {
    await this.#states.unmountViewsOf(id);
    this.#roots.delete(id);
    await removePublished(this.#path(id), this.#workspaces);
  }

  async list(): Promise<readonly LayerId[]> {
    const names = await readdir(this.#options.layers);
    return names.map(idOfDirectory).filter((id) => id !== undefined);
  }

  release(): void {
    // nothing is mounted but what is in use
  }

  async settled(): Promise<void> {
    await this.#states.dropComing();
    await this.#workspaces.settled();
  }

  #existing(id: LayerId): string {
    const path = this.#path(id);
    if (statSync(path, { throwIfNoEntry: false }) === undefined) throw layerGone(id);
    return path;
  }

  #path(id: LayerId): string {
    return join(this.#options.layers, directoryName(id));
  }
}
