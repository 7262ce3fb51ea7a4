import {
  comparePaths,
  type BytePath,
  type Entry,
  type DirectoryEntry,
  type HardlinkEntry,
} from "../../oci/changeset.js";
import type { WrittenEntry } from "../../oci/layer-tar.js";
import { fileTypes } from "../../sys/file-stat.js";
import type { Sha256State } from "../../sys/running-sha256.js";
import { unlistedRoot } from "../metadata.js";
import { OverlayXattrs } from "../overlay-xattrs.js";
import { ContentDigests } from "./content-digests.js";
import { checkName, EntryInodes, type Leaf } from "./entry-inodes.js";
import { encodeStates } from "./hash-states.js";
import { blocksOf, InodeArea } from "./inode-area.js";
import { OpenDirectories } from "./open-directories.js";
import { BLOCK, encodeHead, headSize } from "./superblock.js";

/** A directory of which the next entry tells whether it is opaque. */
interface PendingDirectory {
  readonly entry: DirectoryEntry;
  /** overlayfs's attributes, and ours. */
  readonly marks: Map<string, Uint8Array>;
  readonly opaque: boolean;
}

/**
 * Writes the metadata of a layer as an EROFS image whose files lie in the layer's tar, in the form
 * that overlayfs takes as a lower layer. For tidy changesets only: their order is what lets each inode
 * be written at once and forgotten, so that 300,000 files take 100 MB and not a gigabyte.
 */
export class LayerIndex {
  readonly #head: number;
  readonly #inodes: InodeArea;
  readonly #directories: OpenDirectories;
  readonly #overlay = new OverlayXattrs({ userNamespace: false });
  readonly #entries: EntryInodes;
  /** By number of the inode; behind the image, where the kernel does not look. */
  readonly #digests = new ContentDigests();
  readonly #states: Sha256State[] = [];
  /** Names that are no first ones: a link to one of them is not tidy. */
  readonly #links = new Set<BytePath>();
  #pending: PendingDirectory | undefined = { entry: unlistedRoot, marks: new Map(), opaque: false };
  #last: BytePath | undefined;

  /** `tars`: over how many of them. */
  constructor(tars = 1) {
    this.#head = headSize(tars);
    this.#inodes = new InodeArea(this.#head);
    this.#directories = new OpenDirectories(this.#inodes);
    this.#entries = new EntryInodes(this.#inodes, this.#overlay, (inode, data) => {
      this.#directories.keepData(inode, data);
    });
  }

  /**
   * Adds the next entry, and what is known of its content in that tar, of which the first is 1. False when the changeset
   * is not tidy: out of order, with repeats, without parents, with links that change their file, or
   * with marks at odd places. The index is then of no more use.
   */
  add(entry: Entry, written: WrittenEntry, tar = 1): boolean {
    if (entry.type === "opaque") return this.#markOpaque(entry.path);
    if (this.#last !== undefined && comparePaths(this.#last, entry.path) >= 0) return false;
    this.#last = entry.path;
    if (entry.path === "") return this.#listRoot(entry);
    this.#openPending();
    if (!this.#directories.enterParent(entry.path)) return false;
    checkName(entry.path);
    if (entry.type === "directory") {
      this.#pending = { entry, marks: new Map(), opaque: false };
      return true;
    }
    return entry.type === "hardlink" ? this.#link(entry) : this.#leaf(entry, written, tar);
  }

  /** Keeps where the hash of the tar is. */
  addState(state: Sha256State): void {
    this.#states.push(state);
  }

  /** The parts of the index of all that was added, over tars of these sizes in bytes. */
  finish(...tarSizes: readonly number[]): readonly Buffer[] {
    this.#openPending();
    const blocks = blocksOf(this.#head + this.#inodes.length);
    const directories = this.#directories.finish(blocks);
    const head = encodeHead({
      inodes: this.#inodes.count,
      blocks: blocks + blocksOf(directories.byteLength),
      deviceBlocks: tarSizes.map(blocksOf),
      rootNid: this.#inodes.nid(0),
    });
    const padding = Buffer.alloc(blocks * BLOCK - this.#head - this.#inodes.length);
    const image = [head, this.#inodes.bytes, padding, directories];
    if (this.#states.length === 0) return [...image, this.#digests.bytes];
    return [...image, this.#digests.upTo(this.#inodes.count), encodeStates(this.#states)];
  }

  #markOpaque(path: BytePath): boolean {
    const pending = this.#pending;
    if (pending?.entry.path !== path || pending.opaque) return false;
    this.#overlay.markOpaque(pending.marks);
    this.#pending = { ...pending, opaque: true };
    this.#last = path;
    return true;
  }

  /** Every image has a root directory; one that the changeset lists is marked as such. */
  #listRoot(entry: Entry): boolean {
    const pending = this.#pending;
    if (entry.type !== "directory" || pending === undefined) return false;
    this.#overlay.markRootListed(pending.marks);
    this.#pending = { ...pending, entry };
    return true;
  }

  #openPending(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    const { entry, marks } = pending;
    const fields = this.#entries.fields(entry, fileTypes.directory, marks);
    this.#directories.open(entry.path, this.#inodes.addPlain(fields));
  }

  #leaf(entry: Leaf, { offset, sha256 }: WrittenEntry, tar: number): boolean {
    const inode = this.#entries.add(entry, offset, tar);
    if (sha256 !== undefined) this.#digests.set(this.#inodes.count, sha256);
    this.#directories.name(entry.path, inode);
    return true;
  }

  /** A link to the first name of a file is tidy when it says of the file what that name did. */
  #link(entry: HardlinkEntry): boolean {
    if (this.#links.has(entry.target)) return false;
    const inode = this.#directories.find(entry.target);
    if (inode === undefined || !this.#inodes.takesLinks(inode)) return false;
    if (!this.#inodes.matches(inode, this.#entries.fields(entry, 0))) return false;
    this.#inodes.addLink(inode);
    this.#links.add(entry.path);
    this.#directories.name(entry.path, inode);
    return true;
  }
}
