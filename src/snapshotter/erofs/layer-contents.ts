import { readFileSync } from "node:fs";
import { join } from "node:path";
import { toBytePath } from "../../oci/changeset.js";
import type { FindContent } from "../snapshotter.js";
import { IndexImage } from "./index-image.js";
import { INDEX_NAME, TAR_NAME } from "./mount-layer.js";

/** Where in its tar a layer in place has contents. */
export function layerContents(layer: string): FindContent {
  const image = new IndexImage(readFileSync(join(layer, INDEX_NAME)));
  const path = toBytePath(join(layer, TAR_NAME));
  const files = new FilesByDigest(image);
  return (sha256, size) => {
    const nid = files.find(sha256);
    const inode = nid === undefined ? undefined : image.inode(nid);
    const offset = inode?.size === size ? image.contentStart(inode) : undefined;
    return offset === undefined ? undefined : { kind: "file", path, offset };
  };
}

/** So many files that came or went are passed over at once. */
const AHEAD = 8;
/** So few that are not found are not looked for elsewhere. */
const FEW = 100;

/**
 * The files of an image that have content. Who looks for those of a similar tree asks in nearly the
 * same order: most are the next one, and a table of all is made only where many are not.
 */
class FilesByDigest {
  readonly #image: IndexImage;
  readonly #nids: readonly number[];
  #next = 0;
  #misses = 0;
  #table: DigestTable | undefined;

  constructor(image: IndexImage) {
    this.#image = image;
    this.#nids = [...image.filesWithContent()];
  }

  /** The nid of one with that content. */
  find(sha256: string): number | undefined {
    for (let at = this.#next; at < this.#next + AHEAD; at++) {
      const nid = this.#nids[at];
      if (nid === undefined) break;
      if (!this.#image.hasDigest(nid, sha256)) continue;
      this.#next = at + 1;
      return nid;
    }
    if (++this.#misses <= FEW) return undefined;
    this.#table ??= new DigestTable(this.#image, this.#nids);
    return this.#table.find(sha256);
  }
}

/** A map of 300,000 digests as text would take 40 MB. */
class DigestTable {
  readonly #image: IndexImage;
  /** Nids, each in the slot that its digest names, or in the next free one; 0 marks a free one. */
  readonly #slots: Uint32Array;

  constructor(image: IndexImage, nids: readonly number[]) {
    this.#image = image;
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(nids.length * 2 + 1)));
    for (const nid of nids) {
      const sha256 = image.sha256(image.inode(nid));
      if (sha256 === undefined) return; // an index from before digests were kept
      this.#slots[this.#slotOf(sha256)] = nid;
    }
  }

  find(sha256: string): number | undefined {
    const nid = this.#slots[this.#slotOf(sha256)] ?? 0;
    return nid === 0 ? undefined : nid;
  }

  /** The slot of that digest, or the free one where it belongs. */
  #slotOf(sha256: string): number {
    const mask = this.#slots.length - 1;
    let slot = Number.parseInt(sha256.slice(0, 8), 16) & mask;
    for (;;) {
      const nid = this.#slots[slot] ?? 0;
      if (nid === 0 || this.#image.hasDigest(nid, sha256)) return slot;
      slot = (slot + 1) & mask;
    }
  }
}
