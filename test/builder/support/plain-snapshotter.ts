import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import type { FileTree } from "../../../src/oci/file-tree.js";
import { directoryFiles } from "../../../src/snapshotter/directory-files.js";
import { LayeredFiles } from "../../../src/snapshotter/layer-files.js";
import { OverlayXattrs } from "../../../src/snapshotter/overlay-xattrs.js";
import { materialize } from "../../../src/snapshotter/materialize.js";
import { readTree } from "../../../src/snapshotter/overlay-changes.js";
import type {
  ActiveSnapshot,
  DraftLayer,
  LayerChain,
} from "../../../src/snapshotter/snapshotter.js";
import { FakeSnapshotter, type FakeSite } from "../../contracts/fake-snapshotter.js";

/**
 * A snapshotter that needs no mounts: a state is shown by writing its layers out one over the other,
 * and what a step puts into its empty root is the layer. Owners are lost in a view.
 */
export class PlainSnapshotter extends FakeSnapshotter {
  readonly #work: string;
  readonly #views = new Map<string, Promise<string>>();

  constructor(site: FakeSite) {
    super(site);
    this.#work = site.work;
  }

  override view(chain: LayerChain): Promise<string> {
    return this.#shown(chain);
  }

  #shown(chain: LayerChain): Promise<string> {
    const name = chain.join(":");
    const known = this.#views.get(name) ?? this.#write(chain);
    this.#views.set(name, known);
    return known;
  }

  override async files(chain: LayerChain): Promise<FileTree> {
    const overlay = new OverlayXattrs({ userNamespace: true });
    return new LayeredFiles([directoryFiles(await this.#shown(chain), overlay)]);
  }

  override async prepare(): Promise<ActiveSnapshot> {
    const root = await mkdtemp(join(this.#work, "root-"));
    return {
      root,
      upper: root,
      isFull: () => false,
      unmount: () => Promise.resolve(),
      commit: (signal): Promise<DraftLayer> => this.ingest(readTree(root), {}, signal),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  async #write(chain: LayerChain): Promise<string> {
    const root = await mkdtemp(join(this.#work, "view-"));
    for (const id of chain) {
      await materialize(this.changes(id), root, { plain: true, userNamespace: false });
    }
    return root;
  }
}
