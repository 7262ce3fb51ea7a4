import { LostLayer, type RemoteLayer } from "../remote-cache.js";
import { BuildError } from "../../error.js";
import { ingestLayer } from "../../store/image-ingest.js";
import type { LayerRecord } from "../../store/layers.js";
import type { Store } from "../../store/store.js";
import { messageOf } from "../../sys/system-failure.js";
import type { Display } from "./display.js";
import { filesIn, type RemoteRecord } from "./record.js";
import type { CacheSource } from "./source.js";

/** What fetching layers works with. */
export interface FetchDeps {
  readonly store: Store;
  readonly board: Display;
  /** Waits for a place among the downloads. */
  readonly turn: (signal: AbortSignal) => Promise<Disposable>;
}

/** The layer of a record, in the place where the record was found. */
export class ImportedLayer implements RemoteLayer {
  readonly record: RemoteRecord;
  readonly source: CacheSource;
  readonly #deps: FetchDeps;
  #fetching: Promise<LayerRecord> | undefined;
  #here: LayerRecord | undefined;

  constructor(record: RemoteRecord, source: CacheSource, deps: FetchDeps) {
    this.record = record;
    this.source = source;
    this.#deps = deps;
  }

  get diffId(): RemoteLayer["diffId"] {
    return this.record.layer.diffId;
  }

  get tree(): RemoteLayer["tree"] {
    return this.record.layer.tree;
  }

  get createdAt(): number {
    return this.record.layer.createdAt;
  }

  get took(): number | undefined {
    return this.record.took;
  }

  get files(): Uint8Array | undefined {
    return filesIn(this.record);
  }

  get from(): string {
    return this.source.place.title;
  }

  readonly fetched = (): LayerRecord | undefined => this.#here;

  readonly fetch = async (signal: AbortSignal): Promise<LayerRecord> => {
    try {
      return (this.#here = await (this.#fetching ??= this.#fetch(signal)));
    } catch (error) {
      this.#fetching = undefined;
      signal.throwIfAborted();
      if (error instanceof BuildError && isOurs(error)) throw error;
      this.source.lose(this.record, error);
      const what = `the cached layer of "${this.record.title}" from ${this.source.place.title}`;
      throw new LostLayer(`Cannot use ${what}: ${messageOf(error)}`);
    }
  };

  async #fetch(signal: AbortSignal): Promise<LayerRecord> {
    const { board, store, turn } = this.#deps;
    const { title, layer: wanted } = this.record;
    const { blob, diffId, createdAt, tree } = wanted;
    using _turn = await turn(signal);
    const vertex = board.declare(`[internal] fetch the cached layer of ${title}`);
    board.start(vertex);
    const image = {
      name: this.source.place.title,
      layer: blob,
      diffId,
      createdAt,
      source: this.source,
      onProgress: (_layer: unknown, current: number) => {
        board.progress(vertex, blob.digest, current, blob.size);
      },
    };
    try {
      const layer = await ingestLayer(store, image, signal);
      if (layer.tree === tree) return layer;
      throw new BuildError("DIGEST_MISMATCH", `its files are not those that were recorded`);
    } finally {
      board.end(vertex, { kind: "done" });
    }
  }
}

/** This machine's own trouble, which another place would not mend. */
function isOurs({ code }: BuildError): boolean {
  return code === "NO_SPACE" || code === "STORE";
}
