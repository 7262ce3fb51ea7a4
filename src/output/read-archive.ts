import { createWriteStream } from "node:fs";
import { link, mkdir, stat } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { BuildError } from "../error.js";
import { toText, type Entry, type SymlinkEntry } from "../oci/changeset.js";
import { decompressed } from "../oci/compression.js";
import { readContent } from "../oci/content.js";
import { readArchive } from "../oci/layer-tar.js";
import type { Platform } from "../oci/platform.js";
import { isSystemError } from "../sys/system-error.js";
import type { ArchivedImage } from "./archived-image.js";
import { readDockerArchive } from "./read-docker-archive.js";
import { readLayout } from "./read-layout.js";

/**
 * Reads what `docker save`, `tsbuild save` or an OCI layout tar holds, compressed or not. The members
 * are unpacked into `directory`, which must be private and empty, for as long as the images are used.
 */
export async function readImageArchive(
  bytes: AsyncIterable<Uint8Array>,
  directory: string,
  platform: Platform,
): Promise<readonly ArchivedImage[]> {
  const links: SymlinkEntry[] = [];
  for await (const entry of readArchive(decompressed(bytes))) {
    if (entry.type === "symlink") links.push(entry);
    else await unpack(entry, directory).catch(refuseCollision(entry));
  }
  for (const entry of links) await unpackLink(entry, directory).catch(refuseCollision(entry));
  if (await exists(join(directory, "index.json"))) return await readLayout(directory, platform);
  if (await exists(join(directory, "manifest.json"))) return await readDockerArchive(directory);
  throw new BuildError(
    "INVALID_ARCHIVE",
    "Cannot load images: the archive has neither index.json nor manifest.json",
  );
}

/** Docker's older archives, and skopeo's still, link a layer to another name of it. */
function linkedMember({ path, target }: SymlinkEntry): string {
  const member = normalize(join(dirname(toText(path)), toText(target)));
  const outside = toText(target).startsWith("/") || member === ".." || member.startsWith("../");
  if (!outside) return member;
  throw new BuildError(
    "INVALID_ARCHIVE",
    `Cannot load images: the link "${toText(path)}" leads out of the archive`,
  );
}

/** Done last, when every target is there and no link is: so no path ever leads through one. */
async function unpackLink(entry: SymlinkEntry, directory: string): Promise<void> {
  const from = join(directory, linkedMember(entry));
  if (!(await stat(from).catch(() => undefined))?.isFile()) return; // missed if a layer needs it
  const path = join(directory, toText(entry.path));
  await mkdir(dirname(path), { recursive: true });
  await link(from, path);
}

async function unpack(entry: Exclude<Entry, SymlinkEntry>, directory: string): Promise<void> {
  const path = join(directory, toText(entry.path)); // names that climb are refused by the reader
  switch (entry.type) {
    case "directory":
      await mkdir(path, { recursive: true });
      return;
    case "file":
      await mkdir(dirname(path), { recursive: true });
      await pipeline(Readable.from(readContent(entry)), createWriteStream(path, { flags: "wx" }));
      return;
    case "block":
    case "char":
    case "fifo":
    case "hardlink":
    case "opaque":
    case "whiteout":
      throw new BuildError(
        "INVALID_ARCHIVE",
        `Cannot load images: "${toText(entry.path)}" is a ${entry.type}, not a file`,
      );
  }
}

/** Nothing is overwritten: which of two members a reader takes must not matter. */
function refuseCollision({ path }: Entry): (cause: unknown) => never {
  return (cause) => {
    if (!isSystemError(cause, "EEXIST", "EISDIR", "ENOTDIR")) throw cause;
    const message = `Cannot load images: something else is in the place of "${toText(path)}"`;
    throw new BuildError("INVALID_ARCHIVE", message, { cause });
  };
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
