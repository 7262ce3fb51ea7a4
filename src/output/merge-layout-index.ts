import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Entry, FileEntry } from "../oci/changeset.js";
import { annotationKeys, mediaTypes, type Descriptor } from "../oci/descriptor.js";
import { parseDocument, serializeDocument } from "../oci/image-json.js";
import type { Index } from "../oci/image.js";
import { isSystemError } from "../sys/system-error.js";

/**
 * The files of an image layout, with the images that the layout in `directory` has already (O06). The index comes last:
 * what it lists is there then.
 */
export function* mergeLayoutIndex(entries: Iterable<Entry>, directory: string): Generator<Entry> {
  let index: FileEntry | undefined;
  for (const entry of entries) {
    if (entry.type === "file" && entry.path === "index.json") index = entry;
    else yield entry;
  }
  if (index !== undefined) yield merged(index, directory);
}

function merged(entry: FileEntry, directory: string): Entry {
  const found = readIndex(directory);
  if (found === undefined || entry.content.kind !== "bytes") return entry;
  const document = parseDocument(entry.content.bytes, mediaTypes.index);
  if (document.kind !== "index") return entry;
  const added = document.index.manifests;
  const replaced = new Set(added.map(nameOf));
  const kept = found.manifests.filter((image) => !replaced.has(nameOf(image)));
  const bytes = serializeDocument({ ...found, manifests: [...kept, ...added] });
  return { ...entry, size: bytes.byteLength, content: { kind: "bytes", bytes } };
}

function readIndex(directory: string): Index | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(join(directory, "index.json"));
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined; // there is no layout yet
    throw error;
  }
  const document = parseDocument(bytes, mediaTypes.index);
  return document.kind === "index" ? document.index : undefined;
}

/** The whole name, else the tag; an image without either is known by its digest. */
function nameOf({ annotations, digest }: Descriptor): string {
  return annotations?.[annotationKeys.imageName] ?? annotations?.[annotationKeys.refName] ?? digest;
}
