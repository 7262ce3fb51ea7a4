import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, normalize } from "node:path";
import { BuildError } from "../error.js";
import { mediaTypes, type Descriptor } from "../oci/descriptor.js";
import { digestOf, parseDigest, type Digest } from "../oci/digest.js";
import { fileBytes } from "../oci/file-bytes.js";
import { parseImageConfig, serializeDocument } from "../oci/image-json.js";
import type { Manifest } from "../oci/image.js";
import type { ArchivedImage } from "./archived-image.js";

/** One line of manifest.json (Docker image spec v1.2, "Combined Image JSON + Filesystem Changeset Format"). */
interface DockerEntry {
  readonly config: string;
  readonly names: readonly string[];
  readonly layers: readonly string[];
}

/** Every image of an unpacked `docker save` archive. */
export async function readDockerArchive(directory: string): Promise<readonly ArchivedImage[]> {
  const entries = parseManifest(await readFile(join(directory, "manifest.json"), "utf8"));
  const images: ArchivedImage[] = [];
  for (const entry of entries) images.push(await readEntry(directory, entry));
  return images;
}

async function readEntry(
  directory: string,
  { config, names, layers }: DockerEntry,
): Promise<ArchivedImage> {
  const files = new Map<Digest, string>();
  const descriptors: Descriptor[] = [];
  for (const layer of layers) {
    const path = inside(directory, layer);
    const descriptor = await describeLayer(path);
    files.set(descriptor.digest, path);
    descriptors.push(descriptor);
  }
  const bytes = await readMember(inside(directory, config), config);
  const value = parseImageConfig(bytes);
  const configDescriptor = describe(bytes, mediaTypes.config);
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: configDescriptor,
    layers: descriptors,
  };
  const manifestBytes = serializeDocument(manifest);
  return {
    names,
    config: { descriptor: configDescriptor, bytes, value },
    manifest: {
      descriptor: describe(manifestBytes, mediaTypes.manifest),
      bytes: manifestBytes,
      value: manifest,
    },
    open: ({ digest }) => fileBytes(files.get(digest) ?? ""),
  };
}

function describe(bytes: Uint8Array, mediaType: string): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
}

async function describeLayer(path: string): Promise<Descriptor> {
  const hash = createHash("sha256");
  let size = 0;
  let mediaType: string = mediaTypes.layer;
  try {
    for await (const chunk of fileBytes(path)) {
      if (size === 0 && chunk[0] === 0x1f && chunk[1] === 0x8b) mediaType = mediaTypes.layerGzip;
      hash.update(chunk);
      size += chunk.byteLength;
    }
  } catch (cause) {
    throw new BuildError("INVALID_ARCHIVE", "Cannot load images: a layer is missing", { cause });
  }
  return { mediaType, digest: parseDigest(`sha256:${hash.digest("hex")}`), size };
}

async function readMember(path: string, name: string): Promise<Buffer> {
  return await readFile(path).catch((cause: unknown) => {
    throw new BuildError("INVALID_ARCHIVE", `Cannot load images: "${name}" is missing`, { cause });
  });
}

/** manifest.json is as little trusted as the rest of the archive. */
function inside(directory: string, name: string): string {
  const clean = normalize(name);
  if (!clean.startsWith("/") && clean !== ".." && !clean.startsWith("../")) {
    return join(directory, clean);
  }
  throw new BuildError("INVALID_ARCHIVE", `Cannot load images: "${name}" leads out of the archive`);
}

function parseManifest(text: string): readonly DockerEntry[] {
  const value = parseJson(text);
  if (!Array.isArray(value)) throw malformed();
  return value.map(parseEntry);
}

function parseEntry(value: unknown): DockerEntry {
  if (typeof value !== "object" || value === null) throw malformed();
  const { Config, RepoTags, Layers } = value as Readonly<Record<string, unknown>>;
  if (typeof Config !== "string") throw malformed();
  return { config: Config, names: strings(RepoTags ?? []), layers: strings(Layers) };
}

function strings(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw malformed();
  return value.map((item: unknown) => {
    if (typeof item !== "string") throw malformed();
    return item;
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed();
  }
}

function malformed(): BuildError {
  return new BuildError("INVALID_ARCHIVE", "Cannot load images: manifest.json is malformed");
}
