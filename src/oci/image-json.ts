import { BuildError } from "../error.js";
import { dockerMediaTypes, mediaTypes, type Descriptor } from "./descriptor.js";
import type { ImageConfig, Index, Manifest } from "./image.js";
import {
  imageConfigShape,
  indexShape,
  manifestShape,
  partialDescriptorShape,
} from "./image-shapes.js";
import { isObject, parseJson } from "./json-shape.js";

/** What a registry or a layout answers for a name. */
export type Document =
  | { readonly kind: "manifest"; readonly manifest: Manifest }
  | { readonly kind: "index"; readonly index: Index };

const indexTypes: readonly string[] = [mediaTypes.index, dockerMediaTypes.index];
const manifestTypes: readonly string[] = [mediaTypes.manifest, dockerMediaTypes.manifest];

/** Tells whether content of this media type is an index. */
export function isIndexType(mediaType: string): boolean {
  return indexTypes.includes(mediaType);
}

/** Tells whether content of this media type is an image manifest. */
export function isManifestType(mediaType: string): boolean {
  return manifestTypes.includes(mediaType);
}

function isDocumentType(mediaType: string | undefined): boolean {
  return mediaType !== undefined && (isIndexType(mediaType) || isManifestType(mediaType));
}

/**
 * Reads a manifest or an index; the bytes say which. `mediaType` is what the HTTP header or the
 * descriptor says, for documents that leave theirs out; some servers call everything text.
 */
export function parseDocument(bytes: Uint8Array, mediaType?: string): Document {
  const value = parseJson(bytes, "image manifest");
  if (!isObject(value)) throw invalid("it is not a JSON object");
  refuseOldSchema(value);
  // Both at once can mean one image here and another one elsewhere (CVE-2021-41190).
  if ("manifests" in value && ("layers" in value || "config" in value)) {
    throw invalid("it is an index and a manifest at once");
  }
  const kind = "manifests" in value ? "index" : "manifest";
  const known = kind === "index" ? indexTypes : manifestTypes;
  const given = value["mediaType"] ?? (isDocumentType(mediaType) ? mediaType : known[0]);
  if (typeof given !== "string" || !known.includes(given)) {
    throw invalid(`${JSON.stringify(given)} is not a media type of an image ${kind}`);
  }
  return kind === "index"
    ? { kind, index: toIndex({ ...value, mediaType: given }) }
    : { kind, manifest: toManifest({ ...value, mediaType: given }) };
}

function refuseOldSchema(value: Readonly<Record<string, unknown>>): void {
  const type = value["mediaType"];
  const named = typeof type === "string" && type.includes("docker.distribution.manifest.v1");
  if (!named && value["schemaVersion"] !== 1) return;
  const message = "Cannot read image manifest: Docker's image manifest schema 1 is not supported";
  throw new BuildError("UNSUPPORTED", message, { hint: "push the image again with a newer tool" });
}

/** Go writes empty lists as null. */
function withList(value: object, key: string): object {
  return Reflect.get(value, key) === null ? { ...value, [key]: [] } : value;
}

/** Without members that are null, however deep: where there is nothing to say, .NET's SDK has them, and Go takes them. */
function withoutNullMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNullMembers);
  if (!isObject(value)) return value;
  const members = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(members.map(([key, item]) => [key, withoutNullMembers(item)]));
}

function toManifest(value: object): Manifest {
  const manifest = withoutNullMembers(withList(value, "layers"));
  assertManifest(manifest);
  return manifest;
}

function assertManifest(value: unknown): asserts value is Manifest {
  manifestShape(value, "image manifest");
}

function toIndex(value: object): Index {
  const index = withoutNullMembers(withList(value, "manifests"));
  assertIndex(index);
  return index;
}

function assertIndex(value: unknown): asserts value is Index {
  indexShape(value, "image index");
}

/** What somebody says of a manifest: its digest, and what is to be changed or added. */
export type PartialDescriptor = Partial<Descriptor> & Pick<Descriptor, "digest">;

/** Reads a descriptor of which only the digest need be there. */
export function parsePartialDescriptor(text: string): PartialDescriptor {
  const value = parseJson(Buffer.from(text), "descriptor");
  assertPartialDescriptor(value);
  return value;
}

function assertPartialDescriptor(value: unknown): asserts value is PartialDescriptor {
  partialDescriptorShape(value, "descriptor");
}

/** Reads an image config; keys that nobody here knows are kept. */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  const value = withoutNulls(parseJson(bytes, "image config"));
  assertImageConfig(value);
  return value;
}

function assertImageConfig(value: unknown): asserts value is ImageConfig {
  imageConfigShape(value, "image config");
}

/** Go writes missing lists and maps as null; where `ImageConfig` knows no null, they are left out. */
function withoutNulls(value: unknown): unknown {
  if (!isObject(value)) return value;
  const rootfs = value["rootfs"];
  return omitNull({
    ...value,
    ...(isObject(value["config"]) ? { config: omitNull(value["config"]) } : {}),
    ...(isObject(rootfs) ? { rootfs: withList(rootfs, "diff_ids") } : {}),
  });
}

const nullless = new Set([
  "config",
  "history",
  "os.features",
  "Env",
  "ExposedPorts",
  "Healthcheck",
  "Shell",
]);

function omitNull(value: object): object {
  const entries = Object.entries(value).filter(
    ([key, item]) => item !== null || !nullless.has(key),
  );
  return Object.fromEntries(entries);
}

function invalid(why: string): BuildError {
  return new BuildError("INVALID_IMAGE", `Cannot read image manifest: ${why}`);
}

/** The bytes of a manifest or an index, indented as Docker and BuildKit write them. */
export function serializeDocument(document: Manifest | Index): Uint8Array {
  return Buffer.from(JSON.stringify(document, undefined, 2));
}

/** The bytes of an image config: compact. */
export function serializeConfig(config: ImageConfig): Uint8Array {
  return Buffer.from(JSON.stringify(config));
}
