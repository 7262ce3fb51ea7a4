import type { Digest } from "../oci/digest.js";
import type { Store } from "./store.js";
import { wholeImages, type WholeImage } from "./whole-image.js";

/** Of a store, what tells of its images. */
type Looked = Pick<Store, "blobs" | "database" | "images">;

/**
 * The images of a store from which somebody removes things while others work. They are listed again only when somebody else
 * has written: to list thousands for each thing that goes would take minutes.
 */
export class CurrentImages {
  readonly #store: Looked;
  #images = new Map<Digest, WholeImage>();
  /** By their layers, and by their blobs. */
  readonly #needing = new Map<Digest, Set<WholeImage>>();
  /** What was written last as of the list, but for what `write` wrote. */
  #lastWrite: number | undefined;

  constructor(store: Looked) {
    this.#store = store;
  }

  /** Sees what others did until now. What the others of these methods tell is as of then. */
  async look(): Promise<void> {
    const { database } = this.#store;
    await database.recover();
    const { lastWrite } = database;
    if (lastWrite === this.#lastWrite) return;
    const images = await wholeImages(this.#store, [...this.#images.values()]);
    this.#lastWrite = lastWrite;
    this.#images = new Map(images.map((image) => [image.record.id, image]));
    this.#needing.clear();
    for (const image of images) {
      for (const digest of needs(image)) {
        const others = this.#needing.get(digest);
        if (others === undefined) this.#needing.set(digest, new Set([image]));
        else others.add(image);
      }
    }
  }

  get(id: Digest): WholeImage | undefined {
    return this.#images.get(id);
  }

  /** Those that have a layer of that DiffID, or that blob. */
  needing(digest: Digest): readonly WholeImage[] {
    return [...(this.#needing.get(digest) ?? [])];
  }

  /** Forgets one with all its names. */
  async forget(image: WholeImage): Promise<void> {
    const { id } = image.record;
    await this.write(() => this.#store.images.forget(id));
    this.#images.delete(id);
    for (const digest of needs(image)) this.#needing.get(digest)?.delete(image);
  }

  /** For what changes no image: `write` begins with a single transaction. */
  async write(write: () => Promise<void>): Promise<void> {
    const { database } = this.#store;
    const before = database.lastWrite;
    const writing = write();
    const isAlone = before === this.#lastWrite && database.lastWrite === before + 1;
    if (isAlone) this.#lastWrite = before + 1;
    await writing;
  }
}

function needs({ blobs, diffIds }: WholeImage): readonly Digest[] {
  return [...blobs, ...diffIds.keys()];
}
