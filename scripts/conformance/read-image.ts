import { createReadStream } from "node:fs";
import { gunzipSync } from "node:zlib";
import { Readable } from "node:stream";
import { extract, type Header } from "tar-stream";
import { addLayer, type LayerEntry } from "./flatten.js";
import type { Image, ImageJson, Node } from "./outcome.js";

// By tar-stream, not by the reader that tsbuild has itself: a fault of both of its halves would not show.

interface Index {
  readonly manifests: readonly { readonly digest: string }[];
}

interface Manifest {
  readonly config: { readonly digest: string };
  /** Go writes no layers as null. */
  readonly layers: readonly { readonly digest: string }[] | null;
}

/** Reads an OCI archive that holds one image, as a tree of files and its JSON. */
export async function readImage(archive: string): Promise<Image> {
  const blobs = new Map<string, Buffer>();
  for await (const { header, content } of members(createReadStream(archive))) {
    blobs.set(header.name, content);
  }
  const index = json(blobs, "index.json") as Index;
  const manifest = json(blobs, blobName(index.manifests[0]?.digest ?? "")) as Manifest;
  const tree = new Map<string, Node>();
  for (const { digest } of manifest.layers ?? []) {
    addLayer(tree, await layerEntries(digest, blobOf(blobs, blobName(digest))));
  }
  const image = json(blobs, blobName(manifest.config.digest)) as ImageJson;
  const diffIds = image.rootfs.diff_ids as readonly string[] | null;
  return { json: { ...image, rootfs: { diff_ids: diffIds ?? [] } }, tree };
}

const known = new Map<string, readonly LayerEntry[]>();

/** Remembered, because most cases stand on the same base. */
async function layerEntries(digest: string, blob: Buffer): Promise<readonly LayerEntry[]> {
  const remembered = known.get(digest);
  if (remembered !== undefined) return remembered;
  const tar = blob[0] === 0x1f && blob[1] === 0x8b ? gunzipSync(blob) : blob;
  const entries: LayerEntry[] = [];
  for await (const { header, content } of members(Readable.from([tar]))) {
    entries.push(entryOf(header, content));
  }
  known.set(digest, entries);
  return entries;
}

async function* members(
  bytes: Readable,
): AsyncGenerator<{ readonly header: Header; readonly content: Buffer }> {
  const archive = extract();
  bytes.on("error", (error) => {
    archive.destroy(error);
  });
  bytes.pipe(archive);
  for await (const entry of archive) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    yield { header: entry.header, content: Buffer.concat(chunks) };
  }
}

const types: Readonly<Record<string, Node["type"]>> = {
  file: "file",
  "contiguous-file": "file",
  directory: "directory",
  symlink: "symlink",
  "character-device": "character",
  "block-device": "block",
  fifo: "fifo",
};

function entryOf(header: Header, content: Buffer): LayerEntry {
  const path = header.name.replace(/^(\.?\/)+|\/+$/g, "").replace(/^\.$/, "");
  if (header.type === "link") return { path, hardlink: header.linkname.replace(/^(\.?\/)+/, "") };
  const type = types[header.type];
  if (type === undefined) throw new Error(`Cannot read "${path}": it is a ${header.type}`);
  const device = type === "character" || type === "block";
  return {
    path,
    node: {
      type,
      mode: header.mode & 0o7777,
      uid: header.uid,
      gid: header.gid,
      mtime: header.mtime,
      content,
      target: type === "symlink" ? header.linkname : "",
      device: device ? `${header.devmajor}:${header.devminor}` : "",
      xattrs: xattrsOf((header as { readonly pax?: Record<string, string> | null }).pax ?? {}),
    },
  };
}

function xattrsOf(pax: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const prefix = "SCHILY.xattr.";
  const found = Object.entries(pax).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(found.map(([name, value]) => [name.slice(prefix.length), value]));
}

function json(blobs: ReadonlyMap<string, Buffer>, name: string): unknown {
  return JSON.parse(blobOf(blobs, name).toString()) as unknown;
}

function blobOf(blobs: ReadonlyMap<string, Buffer>, name: string): Buffer {
  const blob = blobs.get(name);
  if (blob === undefined) throw new Error(`Cannot find ${name} in the archive`);
  return blob;
}

function blobName(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}
