import type { Entry } from "../../oci/changeset.js";
import { memberOf } from "../../oci/layer-tar.js";
import { encodeHeaders, paddingOf } from "../../oci/tar-header.js";
import { SHA256_SIZE } from "./content-digests.js";
import { metadataOf } from "./index-files.js";
import { IndexImage, type Inode } from "./index-image.js";
import {
  endOfInode,
  hasChunks,
  moveContent,
  nextInode,
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
  let { at, number } = patch.begin(found);
  let next = 0;
  for (; number <= head.inodes && !(next === found.length && patch.shift === 0); number++) {
    at = nextInode(patch.view, at);
    const one = found[next];
    if (one?.inode.at !== at) patch.pass(at);
    else if (patch.replace(one)) next++;
    else return undefined;
    at = endOfInode(patch.view, at);
  }
  const blocks = (tar.size + patch.shift) / BLOCK;
  if (next < found.length || blocks > MAX_BLOCKS) return undefined;
  encodeHead({ ...head, deviceBlocks: [blocks] }).copy(index);
  return patch.members;
}

/** Goes through the inodes, which are in the order of the tar. */
class Patch {
  readonly members: ReplacedMember[] = [];
  /** By how much what comes next is further behind in the new tar than in the old one. */
  shift = 0;
  readonly view: DataView;
  readonly #index: Buffer;
  /** Where in it they begin. */
  readonly #digests: number;
  readonly #tar: OldTar;
  /** Where in the old tar the last content ends. */
  #end = 0;

  constructor(index: Buffer, digests: number, tar: OldTar) {
    this.#index = index;
    this.view = viewOf(index);
    this.#digests = digests;
    this.#tar = tar;
  }

  /** The first inode that counts: only of content the index tells where it is. */
  begin([first]: readonly Replaceable[]): Pick<Inode, "at" | "number"> {
    const isPlaced = first !== undefined && hasChunks(this.view, first.inode.at);
    return isPlaced ? first.inode : { at: HEAD, number: 1 };
  }

  /** Of an inode that stays. */
  pass(at: number): void {
    const { view } = this;
    if (!hasChunks(view, at)) return;
    this.#end = startOfContent(view, at) + padded(readSize(view, at));
    if (this.shift !== 0) moveContent(view, at, this.shift / BLOCK);
  }

  /** False where the tar is not what the index says. */
  replace({ entry, inode }: Replaceable): boolean {
    const old = { ...entry, ...metadataOf(entry.path, inode), size: inode.size };
    const headers = headersOf(old);
    const start = this.#startOf(headers, inode);
    if (start === undefined || start < this.#end) return false;
    this.#end = start + headers.byteLength + contentSize(old);
    this.members.push({ entry, start, end: this.#end });
    const content = start + this.shift + headersOf(entry).byteLength;
    this.#write(entry, inode, content);
    this.shift = content + contentSize(entry) - this.#end;
    return true;
  }

  #write(entry: Replaceable["entry"], { at, type, number }: Inode, content: number): void {
    writeRights(this.#index, at, { ...entry, mode: type | entry.mode });
    if (entry.type !== "file") return;
    const { size, sha256 = "" } = entry;
    if (size > 0) writeExtent(this.#index, at, { size, start: content / BLOCK, device: 1 });
    this.#index.write(sha256, this.#digests + (number - 1) * SHA256_SIZE, "hex");
  }

  /** Where its member begins. */
  #startOf(headers: Buffer, { at }: Inode): number | undefined {
    if (!hasChunks(this.view, at)) return this.#tar.find(headers, this.#end);
    const start = startOfContent(this.view, at) - headers.byteLength;
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
