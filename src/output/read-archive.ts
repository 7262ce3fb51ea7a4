import { createWriteStream } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { BuildError } from "../error.js";
import { toText, type Entry } from "../oci/changeset.js";
import { decompressed } from "../oci/compression.js";
import { readContent } from "../oci/content.js";
import type { Descriptor } from "../oci/descriptor.js";
import type { ImageConfig, Manifest } from "../oci/image.js";
import { readArchive } from "../oci/layer-tar.js";
import type { Platform } from "../oci/platform.js";
import type { Stored } from "../oci/resolved-image.js";
import { readDockerArchive } from "./read-docker-archive.js";
import { readLayout } from "./read-layout.js";

/** An image found in an archive; `open` gives the bytes of its layers. */
export interface ArchivedImage {
  /** As the archive has them; none is a valid answer. */
  readonly names: readonly string[];
  readonly config: Stored & { readonly value: ImageConfig };
  readonly manifest: Stored & { readonly value: Manifest };
  open(descriptor: Descriptor): AsyncIterable<Uint8Array>;
}

/**
 * Reads what `docker save`, `tsbuild save` or an OCI layout tar holds, compressed or not. The members
 * are unpacked into `directory`, which must be private and empty, for as long as the images are used.
 */
export async function readImageArchive(
  bytes: AsyncIterable<Uint8Array>,
  directory: string,
  platform: Platform,
): Promise<readonly ArchivedImage[]> {
  for await (const entry of readArchive(decompressed(bytes))) await unpack(entry, directory);
  if (await exists(join(directory, "index.json"))) return await readLayout(directory, platform);
  if (await exists(join(directory, "manifest.json"))) return await readDockerArchive(directory);
  throw new BuildError(
    "INVALID_ARCHIVE",
    "Cannot load images: the archive has neither index.json nor manifest.json",
  );
}

/** Image archives are made of plain files; docker's older ones link equal layers to each other. */
async function unpack(entry: Entry, directory: string): Promise<void> {
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
    case "symlink":
    case "whiteout":
      throw new BuildError(
        "INVALID_ARCHIVE",
        `Cannot load images: "${toText(entry.path)}" is a ${entry.type}, not a file`,
      );
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
