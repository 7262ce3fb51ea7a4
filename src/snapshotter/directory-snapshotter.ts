import { mkdirSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../error.js";
import type { Changeset, Entry } from "../oci/changeset.js";
import { isSystemError, unmount } from "../sys/syscalls.js";
import { DirectoryDraft } from "./directory-draft.js";
import { Materializer } from "./materialize.js";
import { OverlayActive } from "./overlay-active.js";
import { overlayChanges } from "./overlay-changes.js";
import { mountOverlay } from "./overlay-mounts.js";
import { OverlayXattrs } from "./overlay-xattrs.js";
import { removeTree } from "./remove-tree.js";
import { rootMetadata, writeRoot } from "./root-directory.js";
import type { ActiveSnapshot, DraftLayer, LayerChain, LayerId } from "./snapshotter.js";
import type { LayerMeasure, Snapshotter } from "./snapshotter.js";
import { measureChanges } from "./tree-digest.js";

export interface DirectorySnapshotterOptions {
  /** Published layers: each `<id>/` is one, in overlayfs form. */
  readonly layers: string;
  /** For this process alone, on the same filesystem as `layers`; may vanish with the process. */
  readonly work: string;
  /** Whether this process is root only in a user namespace. */
  readonly userNamespace: boolean;
}

/** The driver that keeps each layer as a directory and mounts overlays of them. */
export async function openDirectorySnapshotter(
  options: DirectorySnapshotterOptions,
): Promise<Snapshotter> {
  // Images hold setuid programs, old and vulnerable ones too: nothing for this machine's other users.
  await mkdir(options.layers, { recursive: true, mode: 0o700 });
  await mkdir(options.work, { recursive: true, mode: 0o700 });
  return new DirectorySnapshotter(options);
}

class DirectorySnapshotter implements Snapshotter {
  readonly name = "directory";
  readonly #options: DirectorySnapshotterOptions;
  readonly #overlay: OverlayXattrs;
  /** By chain. */
  readonly #views = new Map<
    string,
    { readonly chain: LayerChain; readonly root: Promise<string> }
  >();

  constructor(options: DirectorySnapshotterOptions) {
    this.#options = options;
    this.#overlay = new OverlayXattrs(options);
  }

  async prepare(parent: LayerChain): Promise<ActiveSnapshot> {
    const { layers, userNamespace } = this.#options;
    const lowers = this.#visible(parent);
    const metadata = rootMetadata(lowers, this.#overlay);
    const { workspace, make } = await this.#workspace();
    const [root, upper, work] = [make("root"), make("upper"), make("work")];
    writeRoot(upper, metadata, userNamespace);
    if (lowers.length === 0) lowers.push(make("empty"));
    mountOverlay({ target: root, lowers, upper: { changes: upper, work }, userNamespace });
    const overlay = this.#overlay;
    return new OverlayActive({ workspace, root, upper, layers, overlay, rootMetadata: metadata });
  }

  async ingest(changes: Changeset, signal?: AbortSignal): Promise<DraftLayer> {
    const { workspace, make } = await this.#workspace();
    const directory = make("layer");
    try {
      const measure = await this.#write(changes, directory, signal);
      return new DirectoryDraft({ workspace, directory, layers: this.#options.layers, measure });
    } catch (error) {
      await removeTree(workspace);
      throw error;
    }
  }

  async #write(
    changes: Changeset,
    directory: string,
    signal: AbortSignal | undefined,
  ): Promise<LayerMeasure> {
    const { userNamespace } = this.#options;
    const materializer = new Materializer(directory, { plain: false, userNamespace });
    const measure = await measureChanges(materializer.write(changes), signal);
    if (materializer.exact) return measure;
    // A foreign tar, in whatever order and with repeats: measure what `changes` will tell of it.
    return measureChanges(overlayChanges(directory, this.#overlay), signal);
  }

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
  async #mountView(chain: LayerChain): Promise<string> {
    const { userNamespace } = this.#options;
    const lowers = this.#visible(chain);
    const { make } = await this.#workspace();
    const [root, top] = [make("root"), make("top")];
    writeRoot(top, rootMetadata(lowers, this.#overlay), userNamespace);
    if (lowers.length === 0) lowers.push(make("empty"));
    mountOverlay({ target: root, lowers: [top, ...lowers], upper: undefined, userNamespace });
    return root;
  }

  async *changes(id: LayerId): AsyncGenerator<Entry> {
    if (!(await this.has(id))) throw gone(id);
    yield* overlayChanges(this.#path(id), this.#overlay);
  }

  async has(id: LayerId): Promise<boolean> {
    try {
      return (await stat(this.#path(id))).isDirectory();
    } catch (error) {
      if (isSystemError(error, "ENOENT")) return false;
      throw error;
    }
  }

  async remove(id: LayerId): Promise<void> {
    await this.#unmountViewsOf(id);
    const { workspace } = await this.#workspace();
    try {
      await rename(this.#path(id), join(workspace, "removed")); // at once, or a kill leaves half of it
    } catch (error) {
      if (!isSystemError(error, "ENOENT")) throw error;
    }
    await removeTree(workspace);
  }

  async #unmountViewsOf(id: LayerId): Promise<void> {
    for (const [key, view] of this.#views) {
      if (!view.chain.includes(id)) continue;
      this.#views.delete(key);
      unmount(await view.root);
    }
  }

  async list(): Promise<readonly LayerId[]> {
    return (await readdir(this.#options.layers)) as LayerId[];
  }

  /** Layer directories, the uppermost first, as far down as they can be seen through. */
  #visible(chain: LayerChain): string[] {
    const visible: string[] = [];
    // overlayfs refuses (ELOOP) a layer that is there twice; the upper one hides all of the lower one
    for (const id of new Set([...chain].reverse())) {
      const directory = this.#path(id);
      visible.push(directory);
      // overlayfs does not look for this mark on the root directory
      if (this.#isOpaque(directory, id)) break;
    }
    return visible;
  }

  #isOpaque(directory: string, id: LayerId): boolean {
    try {
      return this.#overlay.isOpaque(directory);
    } catch (error) {
      throw isSystemError(error, "ENOENT") ? gone(id) : error;
    }
  }

  #path(id: LayerId): string {
    if (!/^[\w-][\w.-]*$/.test(id)) throw new Error(`"${id}" is no layer id`);
    return join(this.#options.layers, id);
  }

  async #workspace(): Promise<{ workspace: string; make: (name: string) => string }> {
    const workspace = await mkdtemp(join(this.#options.work, "snapshot-"));
    const make = (name: string): string => {
      const directory = join(workspace, name);
      mkdirSync(directory, 0o755);
      return directory;
    };
    return { workspace, make };
  }
}

function gone(id: LayerId): BuildError {
  return new BuildError("STORE", `Cannot use layer "${id}": it is gone`);
}
