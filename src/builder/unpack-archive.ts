import { joinPath, nameOf, parentOf } from "../context/confined.js";
import { keptOf } from "../context/kept-xattrs.js";
import { BuildError } from "../error.js";
import {
  toText,
  type BytePath,
  type Entry,
  type FileEntry,
  type HardlinkEntry,
} from "../oci/changeset.js";
import { decompressed } from "../oci/compression.js";
import { readContent } from "../oci/content.js";
import { ContentSpool } from "../oci/content-spool.js";
import { readArchive } from "../oci/layer-tar.js";
import { decodeHeader } from "../oci/tar-decode.js";
import { BLOCK } from "../oci/tar-header.js";
import { Dresser, type Owner } from "./dresser.js";
import { isFile, type File } from "./placed-file.js";
import type { Placement } from "./placement.js";

/** A file that ADD was given, and where it is to be unpacked. */
export interface Unpacking {
  readonly name: BytePath;
  readonly file: FileEntry;
  /** A real path. */
  readonly destination: BytePath;
  readonly placement: Placement;
  /** Of all that it holds; --chmod says nothing about that. */
  readonly owner: Owner | undefined;
  /** A private directory, for what the archive holds. */
  readonly work: string;
}

/**
 * Unpacks `file` into `destination` when it is a tar, plain or compressed, by its content; tells
 * false, and places nothing, when it is none or holds nothing (SEMANTICS C21). Throws UNSUPPORTED
 * for a compression that is not known, and INVALID_ARCHIVE for a broken tar.
 */
export async function unpackArchive(unpacking: Unpacking): Promise<boolean> {
  if (!(await isArchive(unpacking))) return false;
  try {
    await unpack(unpacking);
  } catch (error) {
    throw named(unpacking, error);
  }
  return true;
}

async function unpack(unpacking: Unpacking): Promise<void> {
  using spool = new ContentSpool(unpacking.work);
  const unpacker = new Unpacker(unpacking, spool);
  const bytes = new ReadToEnd(readContent(unpacking.file));
  try {
    for await (const entry of readArchive(decompressed(bytes))) await unpacker.place(entry);
  } finally {
    await bytes.finish();
  }
}

/**
 * A file that is read on after the archive ends in it, or is found to be damaged: only its own end tells whether it is
 * still what was looked at.
 */
class ReadToEnd implements AsyncIterable<Uint8Array> {
  readonly #bytes: AsyncIterator<Uint8Array>;
  #last: Promise<IteratorResult<Uint8Array>> | undefined;

  constructor(bytes: AsyncIterator<Uint8Array>) {
    this.#bytes = bytes;
  }

  /** Stays open when its reader stops. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return { next: () => (this.#last = this.#bytes.next()) };
  }

  /** Fails as the file does, also where a reader that stopped did not wait for that. */
  async finish(): Promise<void> {
    await this.#last;
    while ((await this.#bytes.next()).done !== true);
  }
}

/** Whether it begins with a tar header. */
async function isArchive(unpacking: Unpacking): Promise<boolean> {
  const head = Buffer.alloc(BLOCK);
  let size = 0;
  try {
    for await (const chunk of decompressed(readContent(unpacking.file))) {
      size += Buffer.from(chunk).copy(head, size);
      if (size === BLOCK) break;
    }
    return size === BLOCK && decodeHeader(head) !== undefined;
  } catch (error) {
    if (error instanceof BuildError && error.code === "INVALID_ARCHIVE") return false;
    throw named(unpacking, error);
  }
}

function named({ name }: Unpacking, error: unknown): unknown {
  if (!(error instanceof BuildError)) return error;
  const message = `Cannot unpack "${toText(name)}": ${error.message}`;
  const unknown = error.code === "UNSUPPORTED";
  const hint = unknown ? "ADD --unpack=false, or COPY, takes the file as it is" : error.hint;
  return new BuildError(error.code, message, { cause: error, hint });
}

/**
 * Places what comes out of an archive, as tar would unpack it with the destination as its root: a
 * later entry replaces an earlier one, and names resolve through links, but never out of it.
 */
class Unpacker {
  readonly #unpacking: Unpacking;
  readonly #spool: ContentSpool;
  readonly #dresser: Dresser;

  constructor(unpacking: Unpacking, spool: ContentSpool) {
    this.#unpacking = unpacking;
    this.#spool = spool;
    this.#dresser = new Dresser(unpacking.owner, undefined);
    unpacking.placement.ensureDirectory(unpacking.destination, { mode: 0o755 });
  }

  async place(entry: Entry): Promise<void> {
    if (entry.path === "") return; // "./" says nothing about a destination that is there already
    const { placement } = this.#unpacking;
    const dresser = this.#dresser;
    const path = this.#real(entry.path);
    placement.ensureDirectory(parentOf(path), { mode: 0o755, uid: 0, gid: 0 });
    if (entry.type === "directory") {
      placement.replaceByDirectory(
        dresser.directory({ ...entry, path, xattrs: keptOf(entry.xattrs) }),
      );
    } else if (entry.type === "hardlink") {
      this.#link(path, entry);
    } else if (isFile(entry)) {
      placement.replaceByFile(path, dresser.file(await this.#kept(entry), path));
    } else {
      throw new Error(`an archive cannot hold a ${entry.type}`);
    }
  }

  /** Links in the parent are followed, and lead nowhere but below the destination (C21). */
  #real(path: BytePath): BytePath {
    const { destination, placement } = this.#unpacking;
    return joinPath(placement.resolveBelow(destination, parentOf(path)), nameOf(path));
  }

  async #kept(entry: File): Promise<File> {
    const file = { ...entry, xattrs: keptOf(entry.xattrs) };
    if (file.type === "symlink") return { ...file, mode: 0o777 }; // archives say all sorts of things
    return file.type === "file" ? await this.#spool.keep(file) : file;
  }

  /** A layer cannot link to a file below it, so the file must come from here. */
  #link(real: BytePath, { path, target }: HardlinkEntry): void {
    if (this.#unpacking.placement.replaceByLink(real, this.#real(target))) return;
    const link = `hard link "${toText(path)}" to "${toText(target)}"`;
    throw new BuildError("INVALID_ARCHIVE", `${link}, which is not in the archive before it`);
  }
}
