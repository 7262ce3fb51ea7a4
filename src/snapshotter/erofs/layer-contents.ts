import { readFileSync } from "node:fs";
import { join } from "node:path";
import { toBytePath } from "../../oci/changeset.js";
import type { FindContent } from "../snapshotter.js";
import { IndexImage, type Inode } from "./index-image.js";
import { INDEX_NAME, TAR_NAME } from "./mount-layer.js";

/** Where in its tar a layer in place has contents. */
export function layerContents(layer: string): FindContent {
  const image = new IndexImage(readFileSync(join(layer, INDEX_NAME)));
  const path = toBytePath(join(layer, TAR_NAME));
  const files = new FilesByDigest(image);
  return (sha256, size) => {
    const inode = files.get(sha256);
    const offset = inode?.size === size ? image.contentStart(inode) : undefined;
    return offset === undefined ? undefined : { kind: "file", path, offset };
  };
}

/** The files of an image that have content. A map of 300,000 digests as text would take 40 MB. */
class FilesByDigest {
  readonly #image: IndexImage;
  /** Nids, each in the slot that its digest names, or in the next free one; 0 marks a free one. */
  readonly #slots: Uint32Array;

  constructor(image: IndexImage) {
    const nids = [...image.filesWithContent()];
    this.#image = image;
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(nids.length * 2 + 1)));
    for (const nid of nids) {
      const sha256 = image.sha256(image.inode(nid));
      if (sha256 === undefined) return; // an index from before digests were kept
      this.#slots[this.#slotOf(sha256)] = nid;
    }
  }

  get(sha256: string): Inode | undefined {
    const nid = this.#slots[this.#slotOf(sha256)] ?? 0;
    return nid === 0 ? undefined : this.#image.inode(nid);
  }

  /** The slot of that digest, or the free one where it belongs. */
  #slotOf(sha256: string): number {
    const mask = this.#slots.length - 1;
    let slot = Number.parseInt(sha256.slice(0, 8), 16) & mask;
    for (;;) {
      const nid = this.#slots[slot] ?? 0;
      if (nid === 0 || this.#image.sha256(this.#image.inode(nid)) === sha256) return slot;
      slot = (slot + 1) & mask;
    }
  }
}
