import type { Entry } from "../../oci/changeset.js";
import { memberOf } from "../../oci/layer-tar.js";
import { encodeHeaders, paddingOf } from "../../oci/tar-header.js";
import { viewOf } from "../../sys/byte-view.js";
import { SHA256_SIZE } from "../../sha256.js";
import { metadataOf } from "./index-files.js";
import { IndexImage, type Inode } from "./index-image.js";
import {
  endOfInode,
  hasChunks,
  lastContent,
  placeOfContent,
  readSize,
  writeExtent,
  writeRights,
} from "./inode-bytes.js";
import { replaceables, type Replaceable } from "./replaceable.js";
import type { StoredTar } from "./stored-tar.js";
import { BLOCK, encodeHead, HEAD, MAX_BLOCKS, readHead } from "./superblock.js";

/** The device of what takes the place of members of the tar. */
export const PATCH_DEVICE = 2;

/** A member of a tar, and what takes its place. */
export interface ReplacedMember extends Pick<Replaceable, "entry"> {
  readonly start: number;
  readonly end: number;
  /** Bytes of the new member. */
  readonly size: number;
}

/**
 * Makes the index of a layer that we wrote say that entries have taken the place of others of the same names, whose members come behind
 * what is in the file of such members already. Answers what becomes of its tar; undefined where that cannot be told exactly: then the
 * index is of no more use.
 */
export function patchIndex(
  index: Buffer,
  tar: StoredTar,
  entries: Iterable<Entry>,
): readonly ReplacedMember[] | undefined {
  const head = readHead(index);
  const found = replaceables(new IndexImage(index), entries);
  const [size = 0, patchSize = 0] = tar.fileSizes;
  const isDescribed = head.deviceBlocks.every((blocks, i) => blocks * BLOCK === tar.fileSizes[i]);
  if (found === undefined || !isDescribed) return undefined;
  const patch = new Patch(index, { digests: head.blocks * BLOCK, tar, size: patchSize });
  for (const one of found) if (!patch.replace(one)) return undefined;
  const blocks = patch.size / BLOCK;
  if (blocks > MAX_BLOCKS) return undefined;
  encodeHead({ ...head, deviceBlocks: [size / BLOCK, blocks] }).copy(index);
  return patch.members;
}

interface PatchOptions {
  /** Where in the index the digests begin. */
  readonly digests: number;
  readonly tar: StoredTar;
  /** Bytes that are in the file of members which took the place of others. */
  readonly size: number;
}

/** Goes through the inodes, which are in the order of the tar. */
class Patch {
  readonly members: ReplacedMember[] = [];
  /** Of that file, with what was replaced so far. */
  size: number;
  readonly #index: Buffer;
  readonly #view: DataView;
  readonly #digests: number;
  readonly #tar: StoredTar;
  /** The inode that comes next. */
  #next: Pick<Inode, "at" | "number"> = { at: HEAD, number: 1 };
  /** Where in the tar the last content before it ends. */
  #end = 0;

  constructor(index: Buffer, { digests, tar, size }: PatchOptions) {
    this.#index = index;
    this.#view = viewOf(index);
    this.#digests = digests;
    this.#tar = tar;
    this.size = size;
  }

  /** False where the tar is not what the index says. */
  replace({ entry, inode }: Replaceable): boolean {
    const old = { ...entry, ...metadataOf(entry.path, inode), size: inode.size };
    const headers = headersOf(old);
    const start = hasChunks(this.#view, inode.at)
      ? this.#before(headers, inode)
      : this.#tar.find(headers, this.#endBefore(inode));
    if (start === undefined || start < this.#end) return false;
    this.#end = start + headers.byteLength + contentSize(old);
    const content = this.size + headersOf(entry).byteLength;
    const size = content + contentSize(entry) - this.size;
    this.members.push({ entry, start, end: this.#end, size });
    this.#write(entry, inode, content);
    this.size += size;
    this.#next = { at: endOfInode(this.#view, inode.at), number: inode.number + 1 };
    return true;
  }

  /** Where the last content before that inode ends. */
  #endBefore({ number }: Inode): number {
    const { at, number: next } = this.#next;
    const file = next < number ? lastContent(this.#view, at, number - 1) : undefined;
    const content = file && this.#tar.locate(placeOfContent(this.#view, file));
    if (file === undefined || content === undefined) return this.#end;
    return content + padded(readSize(this.#view, file));
  }

  #write(entry: Replaceable["entry"], { at, type, number }: Inode, content: number): void {
    writeRights(this.#view, at, { ...entry, mode: type | entry.mode });
    if (entry.type !== "file") return;
    const { size, sha256 = "" } = entry;
    const extent = { size, start: content / BLOCK, device: PATCH_DEVICE };
    if (size > 0) writeExtent(this.#view, at, extent);
    this.#index.write(sha256, this.#digests + (number - 1) * SHA256_SIZE, "hex");
  }

  /** Where these headers begin, right before the content. */
  #before(headers: Buffer, { at }: Inode): number | undefined {
    const content = this.#tar.locate(placeOfContent(this.#view, at));
    if (content === undefined) return undefined;
    const start = content - headers.byteLength;
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
