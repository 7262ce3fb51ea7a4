import { join } from "node:path";
import { toBytePath, type Content } from "../../oci/changeset.js";
import { ContentDigests } from "./content-digests.js";
import { indexedContents, type IndexedContent } from "./indexed-contents.js";
import type { ContentPlace } from "./inode-bytes.js";
import { INDEX_NAME, tarFiles } from "./layer-place.js";

/** Where `size` bytes with that SHA-256 (in hex) are; undefined when it is not known. */
export type FindContent = (sha256: string, size: number) => Content | undefined;

/** Where a layer in place has contents. `passed`: how many files were not asked for, before the first one that is. */
export function layerContents(layer: string, passed = 0): FindContent {
  const tars = tarFiles(layer).map(toBytePath);
  const files = new FilesByDigest(indexedContents(join(layer, INDEX_NAME)), passed);
  return (sha256, size) => {
    const place = files.find(sha256, size);
    if (place === undefined) return undefined;
    const path = tars[place.device - 1];
    return path && { kind: "file", path, offset: place.offset };
  };
}

/** So many files that came or went are passed over at once. */
const AHEAD = 8;
/** So few that are not found are not looked for elsewhere. */
const FEW = 100;

/**
 * The files of a layer that have content. Who looks for those of a similar tree asks in nearly the same order: most are the next one, and a
 * table of all is made only where many are not.
 */
class FilesByDigest {
  /** The first is number 1. */
  readonly #digests = new ContentDigests();
  readonly #sizes: number[] = [];
  readonly #devices: number[] = [];
  readonly #offsets: number[] = [];
  #next: number;
  #misses = 0;
  #table: Uint32Array | undefined;

  constructor(contents: Iterable<IndexedContent>, passed: number) {
    this.#next = passed + 1;
    for (const { size, device, offset, digest } of contents) {
      this.#digests.pushBytes(digest);
      this.#devices.push(device);
      this.#offsets.push(offset);
      this.#sizes.push(size);
    }
  }

  /** Where one with that content and size begins. */
  find(sha256: string, size: number): ContentPlace | undefined {
    const number = this.#near(sha256) ?? this.#anywhere(sha256);
    if (number === undefined || this.#sizes[number - 1] !== size) return undefined;
    const [device, offset] = [this.#devices[number - 1] ?? 0, this.#offsets[number - 1] ?? 0];
    return { device, offset };
  }

  #near(sha256: string): number | undefined {
    const end = Math.min(this.#next + AHEAD, this.#offsets.length + 1);
    for (let number = this.#next; number < end; number++) {
      if (!this.#digests.has(number, sha256)) continue;
      this.#next = number + 1;
      return number;
    }
    return undefined;
  }

  #anywhere(sha256: string): number | undefined {
    if (++this.#misses <= FEW) return undefined;
    const table = (this.#table ??= this.#makeTable());
    const number = table[this.#slotOf(sha256, table)];
    return number === 0 ? undefined : number;
  }

  /** Numbers, each in the slot that its digest names, or in the next free one; 0 marks a free one. */
  #makeTable(): Uint32Array {
    const count = this.#offsets.length;
    const table = new Uint32Array(2 ** Math.ceil(Math.log2(count * 2 + 1)));
    for (let number = 1; number <= count; number++)
      table[this.#slotOf(this.#digests.get(number), table)] = number;
    return table;
  }

  /** The slot of that digest, or the free one where it belongs. */
  #slotOf(sha256: string, table: Uint32Array): number {
    const mask = table.length - 1;
    let slot = Number.parseInt(sha256.slice(0, 8), 16) & mask;
    for (;;) {
      const number = table[slot] ?? 0;
      if (number === 0 || this.#digests.has(number, sha256)) return slot;
      slot = (slot + 1) & mask;
    }
  }
}
