import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Changeset, Entry } from "../../src/oci/changeset.js";
import type { FileTree } from "../../src/oci/file-tree.js";
import type { Digest } from "../../src/oci/digest.js";
import { Measured } from "../../src/oci/measured.js";
import { readLayerTar, writeLayerTar, type WrittenEntry } from "../../src/oci/layer-tar.js";
import type {
  ActiveSnapshot,
  DraftLayer,
  LayerChain,
  KnownChanges,
  LayerId,
  LayerMeasure,
  Snapshotter,
} from "../../src/snapshotter/snapshotter.js";
import { TreeHasher } from "../../src/snapshotter/tree-digest.js";

/** Where the fake keeps things: as a real snapshotter is told. */
export interface FakeSite {
  readonly layers: string;
  readonly work: string;
}

/**
 * Keeps each layer as its tar, on disk, so that several processes share it and a killed one leaves
 * what a real one would. It mounts nothing: `prepare` and `view` throw.
 */
export class FakeSnapshotter implements Snapshotter {
  readonly name = "fake";
  readonly #site: FakeSite;

  constructor(site: FakeSite) {
    this.#site = site;
  }

  prepare(): Promise<ActiveSnapshot> {
    return Promise.reject(new Error("the fake snapshotter cannot mount"));
  }
  getReady(): void {
    // nothing takes time here
  }
  view(_chain: LayerChain): Promise<string> {
    return Promise.reject(new Error("the fake snapshotter cannot mount"));
  }

  files(_chain: LayerChain): Promise<FileTree> {
    return Promise.reject(new Error("the fake snapshotter cannot show files"));
  }

  async ingest(
    changes: Changeset,
    _known?: KnownChanges,
    signal?: AbortSignal,
  ): Promise<FakeDraft> {
    const directory = await mkdtemp(join(this.#site.work, "draft-"));
    try {
      const measure = await writeTar(join(directory, "layer.tar"), changes, signal);
      return new FakeDraft(directory, this.#site.layers, measure);
    } catch (error) {
      await rm(directory, { recursive: true });
      throw error;
    }
  }

  replace(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  /** Not as it came, but measured as it came. */
  async ingestTar(tar: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<DraftLayer> {
    const measured = new Measured(tar);
    const draft = await this.ingest(readLayerTar(measured), {}, signal);
    const { digest: diffId, size } = measured.result();
    draft.measure = { ...draft.measure, diffId, size };
    return draft;
  }

  release(): void {
    // nothing is mounted
  }
  async settled(): Promise<void> {
    // it waits for everything that it does
  }
  changes(id: LayerId): Changeset {
    return readLayerTar(this.tar(id));
  }
  async *tar(id: LayerId): AsyncGenerator<Uint8Array> {
    yield* createReadStream(join(this.#site.layers, id, "layer.tar"));
  }
  async has(id: LayerId): Promise<boolean> {
    return stat(join(this.#site.layers, id)).then(
      () => true,
      () => false,
    );
  }
  async remove(id: LayerId): Promise<void> {
    await rm(join(this.#site.layers, id), { recursive: true, force: true });
  }
  async list(): Promise<readonly LayerId[]> {
    return (await readdir(this.#site.layers)) as LayerId[];
  }
}

async function writeTar(
  path: string,
  changes: Changeset,
  signal: AbortSignal | undefined,
): Promise<LayerMeasure> {
  const tree = new TreeHasher();
  const hash = createHash("sha256");
  const onEntry = (entry: Entry, { sha256 }: WrittenEntry): void => {
    tree.add(entry, sha256);
  };
  await using file = await open(path, "wx");
  let size = 0;
  for await (const chunk of writeLayerTar(changes, { onEntry })) {
    signal?.throwIfAborted();
    hash.update(chunk);
    size += chunk.byteLength;
    await file.write(chunk);
  }
  await file.sync();
  return { diffId: `sha256:${hash.digest("hex")}` as Digest, tree: tree.digest(), size };
}

class FakeDraft implements DraftLayer {
  measure: LayerMeasure;
  readonly #layers: string;
  #directory: string | undefined;

  constructor(directory: string, layers: string, measure: LayerMeasure) {
    this.#directory = directory;
    this.#layers = layers;
    this.measure = measure;
  }

  async publish(id: LayerId): Promise<void> {
    if (this.#directory === undefined) throw new Error("published or disposed before");
    await mkdir(this.#layers, { recursive: true });
    await rename(this.#directory, join(this.#layers, id));
    this.#directory = undefined;
  }
  persist(): Promise<void> {
    return Promise.resolve();
  }
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true });
    this.#directory = undefined;
  }
}
