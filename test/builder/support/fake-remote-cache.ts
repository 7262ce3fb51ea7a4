import {
  LostLayer,
  type RemoteCache,
  type RemoteLayer,
  type RemoteRun,
} from "../../../src/cache/remote-cache.js";
import type { Ancestry } from "../../../src/cache/first-change.js";
import type { CacheKey, StateKey } from "../../../src/cache/key.js";
import type { RootfsFacts } from "../../../src/cache/rootfs-facts.js";
import type { DoneStep } from "../../../src/cache/done-step.js";
import type { TreeDigest } from "../../../src/snapshotter/snapshotter.js";
import { ingestLayer } from "../../../src/store/image-ingest.js";
import { asTar } from "../../../src/store/layer-bytes.js";
import type { Store } from "../../../src/store/store.js";

/** What one store built, as another one sees it from afar. */
export class FakeRemoteCache implements RemoteCache {
  readonly scope = "far";
  /** Titles of the steps whose layers were fetched. */
  readonly fetched: string[] = [];
  /** Titles of the steps whose layers cannot be had. */
  readonly lost = new Set<string>();
  readonly #steps: readonly DoneStep[];
  readonly #from: Store;
  readonly #to: Store;
  readonly #facts: ReadonlyMap<StateKey, RootfsFacts>;

  constructor(
    steps: readonly DoneStep[],
    {
      from,
      to,
      facts = new Map(),
    }: {
      readonly from: Store;
      readonly to: Store;
      readonly facts?: ReadonlyMap<StateKey, RootfsFacts>;
    },
  ) {
    this.#steps = steps;
    this.#from = from;
    this.#to = to;
    this.#facts = facts;
  }

  find(key: CacheKey): Promise<RemoteLayer | undefined> {
    return this.#layerOf(({ facts }) => facts?.key === key);
  }

  findByTree(tree: TreeDigest): Promise<RemoteLayer | undefined> {
    return this.#layerOf(({ layer }) => layer.tree === tree);
  }

  facts(state: StateKey): Promise<RootfsFacts | undefined> {
    return Promise.resolve(this.#facts.get(state));
  }

  nearest(): RemoteRun | undefined {
    const { facts, layer } = this.#steps.at(-1) ?? {};
    return facts && layer && { components: facts.components, tree: layer.tree, files: undefined };
  }

  ancestry(): Ancestry {
    return [];
  }

  restoreMount(): Promise<boolean> {
    return Promise.resolve(false);
  }

  #layerOf(wanted: (step: DoneStep) => boolean): Promise<RemoteLayer | undefined> {
    const found = this.#steps.find(
      (step) => wanted(step) && !this.fetched.includes(lostMark(step)),
    );
    return Promise.resolve(found && this.#remoteLayer(found));
  }

  #remoteLayer(step: DoneStep): RemoteLayer {
    const { diffId, tree, createdAt } = step.layer;
    let here: Awaited<ReturnType<RemoteLayer["fetch"]>> | undefined;
    const fetch: RemoteLayer["fetch"] = async (signal) => {
      if (here !== undefined) return here;
      const { title } = step.step;
      if (this.lost.has(title)) {
        this.fetched.push(lostMark(step));
        throw new LostLayer(`lost ${title}`);
      }
      this.fetched.push(title);
      const record = await this.#from.layers.findByDiffId(diffId);
      if (record === undefined) throw new Error(`the other store has no layer of ${title}`);
      const layer = await this.#from.layerBytes.compressed(record, asTar);
      const source = { open: () => this.#from.layerBytes.open(record, layer) };
      return (here = await ingestLayer(
        this.#to,
        { name: title, layer, diffId, source, createdAt },
        signal,
      ));
    };
    const { took } = step;
    return { diffId, tree, createdAt, took, fetch, fetched: () => here };
  }
}

function lostMark({ step }: DoneStep): string {
  return `lost ${step.title}`;
}
