import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../error.js";
import { annotationKeys, mediaTypes, type Descriptor } from "./descriptor.js";
import { digestOf, hexOf, parseDigest, type Digest } from "./digest.js";
import { parseDocument } from "./image-json.js";
import type { Index } from "./image.js";
import type { Platform } from "./platform.js";
import { resolveImage, type ResolvedImage, type Stored } from "./resolved-image.js";
import { streamOf } from "./stream-of.js";
import { verifiedBytes } from "./verified.js";

/** Which image of which image layout directory (image-spec, image-layout.md). */
export interface LayoutName {
  readonly path: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

/** The file that says of a directory that it is an image layout. */
export const layoutFile = {
  path: "oci-layout",
  bytes: Buffer.from(JSON.stringify({ imageLayoutVersion: "1.0.0" })),
} as const;

/** Reads `[oci-layout://]path[:tag][@digest]`. */
export function parseLayoutName(text: string): LayoutName {
  const [, named = "", digest] =
    /^(?:oci-layout:\/\/)?(.*?)(?:@(sha256:[^@/]*))?$/s.exec(text) ?? [];
  const [, path = "", tag] = /^(.*?)(?::([\w.-]+))?$/s.exec(named) ?? [];
  if (path === "") {
    throw new BuildError(
      "INVALID_REFERENCE",
      `Cannot parse image layout "${text}": it has no path`,
    );
  }
  return {
    path,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest: parseDigest(digest) }),
  };
}

/** Where a blob lies, relative to the layout. */
export function blobPath(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

/** Reads an image of a layout down to its layers' descriptors; `blobPath` leads to their bytes. */
export async function readImageLayout(
  name: LayoutName,
  platform: Platform,
): Promise<ResolvedImage> {
  const root = await readLayoutRoot(name);
  return resolveImage(root, {
    name: describe(name),
    platform,
    fetch: (descriptor) => readLayoutDocument(name, descriptor),
  });
}

/** What a name of a layout leads to: index.json itself when it is one image's index. */
export async function readLayoutRoot(name: LayoutName): Promise<Stored> {
  const bytes = await readFileOf(name, "index.json");
  const document = parseDocument(bytes, mediaTypes.index);
  if (document.kind !== "index") {
    throw new BuildError(
      "INVALID_IMAGE",
      `Cannot read image layout "${name.path}": index.json is not an index`,
    );
  }
  const { index } = document;
  const found = choose(index, name);
  if (found !== undefined)
    return { descriptor: found, bytes: await readLayoutDocument(name, found) };
  if (isOneImage(index, name)) {
    const { mediaType } = index;
    return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.byteLength }, bytes };
  }
  const tags = index.manifests.map(tagOf).filter((tag) => tag !== undefined);
  throw new BuildError(
    "IMAGE_NOT_FOUND",
    `Cannot find image "${describe(name)}": not in the layout`,
    {
      hint: tags.length === 0 ? "it holds no tagged image" : `it holds ${tags.join(", ")}`,
    },
  );
}

function choose({ manifests }: Index, { tag, digest }: LayoutName): Descriptor | undefined {
  if (digest !== undefined) return manifests.find((image) => image.digest === digest);
  if (tag === undefined && manifests.length === 1) return manifests[0];
  return manifests.find((image) => tagOf(image) === (tag ?? "latest"));
}

function isOneImage({ manifests }: Index, { tag, digest }: LayoutName): boolean {
  if (tag !== undefined || digest !== undefined || manifests.length === 0) return false;
  return manifests.every((image) => tagOf(image) === undefined);
}

/** Some tools write the whole name where the specification wants a tag. */
function tagOf({ annotations }: Descriptor): string | undefined {
  const name = annotations?.[annotationKeys.refName];
  return name?.slice(name.lastIndexOf("/") + 1).replace(/^.*:/, "");
}

function describe({ path, tag, digest }: LayoutName): string {
  return path + (tag === undefined ? "" : `:${tag}`) + (digest === undefined ? "" : `@${digest}`);
}

/** The verified bytes of a manifest or a config of a layout. */
export async function readLayoutDocument(
  name: LayoutName,
  descriptor: Descriptor,
): Promise<Uint8Array> {
  const bytes = await readFileOf(name, blobPath(descriptor.digest));
  return verifiedBytes(streamOf(bytes), descriptor);
}

async function readFileOf({ path }: LayoutName, file: string): Promise<Uint8Array> {
  try {
    return await readFile(join(path, file));
  } catch (cause) {
    if (!(cause instanceof Error) || !("code" in cause)) throw cause;
    const { code, message } = cause;
    const failed = `Cannot read image layout "${path}"`;
    if (code === "ENOENT" || code === "ENOTDIR")
      throw new BuildError("IMAGE_NOT_FOUND", `${failed}: it has no ${file}`, { cause });
    throw new BuildError("INVALID_IMAGE", `${failed}: ${file}: ${message}`, { cause });
  }
}
