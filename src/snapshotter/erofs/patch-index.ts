import type { Entry } from "../../oci/changeset.js";
import { memberOf } from "../../oci/layer-tar.js";
import { encodeHeaders, paddingOf } from "../../oci/tar-header.js";
import { SHA256_SIZE } from "./content-digests.js";
import { metadataOf } from "./index-files.js";
import { IndexImage, type Inode } from "./index-image.js";
import {
  endOfInode,
  hasChunks,
  moveContents,
  readSize,
  startOfContent,
  viewOf,
  writeExtent,
  writeRights,
} from "./inode-bytes.js";
import type { OldTar } from "./old-tar.js";
import { replaceables, type Replaceable } from "./replaceable.js";
import { BLOCK, encodeHead, HEAD, MAX_BLOCKS, readHead } from "./superblock.js";

/** A member of a tar, and what takes its place. */
export interface ReplacedMember extends Pick<Replaceable, "entry"> {
  readonly start: number;
  readonly end: number;
}

/**
 * Makes the index of a layer that we wrote what it is when entries have taken the place of others of the same names. Answers what becomes of
 * its tar; undefined where that cannot be told exactly: then the index is of no more use.
 */
export function patchIndex(
  index: Buffer,
  tar: OldTar,
  entries: Iterable<Entry>,
): readonly ReplacedMember[] | undefined {
  const head = readHead(index);
  const found = replaceables(new IndexImage(index), entries);
  if (found === undefined || head.deviceBlocks[0] !== tar.size / BLOCK) return undefined;
  const patch = new Patch(index, head.blocks * BLOCK, tar);
  for (const one of found) if (!patch.replace(one)) return undefined;
  patch.end(head.inodes);
  const blocks = (tar.size + patch.shift) / BLOCK;
  if (blocks > MAX_BLOCKS) return undefined;
  encodeHead({ ...head, deviceBlocks: [blocks] }).copy(index);
  return patch.members;
}

/** Goes through the inodes, which are in the order of the tar. */
class Patch {
  readonly members: ReplacedMember[] = [];
  /** By how much what comes next is further behind in the new tar than in the old one. */
  shift = 0;
  readonly #index: Buffer;
  readonly #view: DataView;
  /** Where the digests begin. */
  readonly #digests: number;
  readonly #tar: OldTar;
  /** The inode that comes next. */
  #next: Pick<Inode, "at" | "number"> = { at: HEAD, number: 1 };
  /** Where in the old tar the last content before it ends. */
  #end = 0;

  constructor(index: Buffer, digests: number, tar: OldTar) {
    this.#index = index;
    this.#view = viewOf(index);
    this.#digests = digests;
    this.#tar = tar;
  }

  /** False where the tar is not what the index says. */
  replace({ entry, inode }: Replaceable): boolean {
    const isPlaced = hasChunks(this.#view, inode.at);
    if (this.shift !== 0 || !isPlaced) this.end(inode.number - 1);
    const old = { ...entry, ...metadataOf(entry.path, inode), size: inode.size };
    const headers = headersOf(old);
    const start = isPlaced ? this.#before(headers, inode) : this.#tar.find(headers, this.#end);
    if (start === undefined || start < this.#end) return false;
    this.#end = start + headers.byteLength + contentSize(old);
    this.members.push({ entry, start, end: this.#end });
    const content = start + this.shift + headersOf(entry).byteLength;
    this.#write(entry, inode, content);
    this.shift = content + contentSize(entry) - this.#end;
    this.#next = { at: endOfInode(this.#view, inode.at), number: inode.number + 1 };
    return true;
  }

  /** Goes on to the end of what stays as it is, the inode of that number. */
  end(number: number): void {
    if (this.#next.number > number) return;
    const file = moveContents(this.#view, this.#next.at, number, this.shift / BLOCK);
    if (file === undefined) return;
    const content = startOfContent(this.#view, file) - this.shift;
    this.#end = content + padded(readSize(this.#view, file));
  }

  #write(entry: Replaceable["entry"], { at, type, number }: Inode, content: number): void {
    writeRights(this.#index, at, { ...entry, mode: type | entry.mode });
    if (entry.type !== "file") return;
    const { size, sha256 = "" } = entry;
    if (size > 0) writeExtent(this.#index, at, { size, start: content / BLOCK, device: 1 });
    this.#index.write(sha256, this.#digests + (number - 1) * SHA256_SIZE, "hex");
  }

  /** Where these headers begin, right before the content. */
  #before(headers: Buffer, { at }: Inode): number | undefined {
    const start = startOfContent(this.#view, at) - headers.byteLength;
    return this.#tar.has(start, headers) ? start : undefined;
  }
}

function headersOf(entry: Entry): Buffer {
  return encodeHeaders(memberOf(entry).header);
}

/** What it takes in a tar. */
function contentSize(entry: Entry): number {
  return entry.type === "file" ? padded(entry.size) : 0;
}

function padded(size: number): number {
  return size + paddingOf(size);
}
