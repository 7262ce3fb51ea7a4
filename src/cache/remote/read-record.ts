import { BuildError } from "../../error.js";
import {
  digest,
  listOf,
  milliseconds,
  number,
  oneOf,
  optional,
  pairOf,
  parseJson,
  shape,
  size,
  string,
  type Check,
} from "../../oci/json-shape.js";
import { usualSizes } from "./chunked.js";
import type { MountRecord } from "./mount-record.js";
import { LARGEST_FILES, type CacheDocument, type RemoteRecord } from "./record.js";

const hex: Check = (value, at) => {
  string(value, at);
  if (/^[0-9a-f]{64}$/.test(String(value))) return;
  throw new BuildError("INVALID_IMAGE", `Cannot read ${at}: want 64 hex digits`);
};

/** It will be written to: nothing outside of a root filesystem can be named. */
const insidePath: Check = (value, at) => {
  string(value, at);
  const names = String(value).split("/");
  const outside = names.length > 1 && names[0] === "";
  if (!outside && !names.includes("..") && !String(value).includes("\0")) return;
  throw new BuildError("INVALID_IMAGE", `Cannot read ${at}: want a path without ".."`);
};

const missing: Check = (value, at) => {
  if (value === undefined) return;
  throw new BuildError("INVALID_IMAGE", `Cannot read ${at}: want none`);
};

/** It is unpacked in memory. */
const packedFiles: Check = (value, at) => {
  string(value, at);
  if (String(value).length <= 2 * LARGEST_FILES) return;
  throw new BuildError("INVALID_IMAGE", `Cannot read ${at}: it is too long`);
};

const component = shape({ name: string, value: hex });
const blob = shape({ mediaType: string, digest, size });

const record = shape({
  kind: oneOf(["copy", "run", "workdir"]),
  title: string,
  key: optional(hex),
  identities: listOf(hex),
  components: listOf(component),
  took: optional(number),
  files: optional(packedFiles),
  layer: shape({
    diffId: digest,
    tree: hex,
    size,
    createdAt: milliseconds,
    blob,
  }),
});

const node: Check = (value, at) => {
  if (value !== false) existing(value, at);
};

const existing = shape({
  type: oneOf(["directory", "other", "symlink"]),
  mode: size,
  uid: size,
  gid: size,
  mtime: number,
  xattrs: optional(listOf(pairOf(string, string))),
  target: optional(string),
});

const facts = shape({
  resolved: listOf(pairOf(string, insidePath)),
  nodes: listOf(pairOf(string, node)),
  ids: listOf(pairOf(string, shape({ uid: size, gid: size }))),
  trees: optional(listOf(pairOf(string, hex))),
});

/** It is made from nothing: what leads from state to state could lead in a circle. */
const base = shape({
  title: string,
  digest: optional(string),
  platform: optional(string),
  parent: missing,
});

const document = shape({
  steps: listOf(record),
  checkedAt: optional(listOf(milliseconds)),
  facts: listOf(pairOf(hex, facts)),
  bases: listOf(pairOf(hex, base)),
});

/** A chunk is held in memory. */
const chunkSize: Check = (value, at) => {
  size(value, at);
  if (Number(value) <= usualSizes.most) return;
  throw new BuildError("INVALID_IMAGE", `Cannot read ${at}: want at most ${usualSizes.most}`);
};

const mount = shape({
  id: string,
  usedAt: milliseconds,
  checkedAt: milliseconds,
  chunks: listOf(shape({ digest, size: chunkSize, blob })),
});

/** Reads what was exported of a cache mount; INVALID_IMAGE when it is no such thing. */
export function readMount(bytes: Uint8Array): MountRecord {
  const value = parseJson(bytes, "cache mount");
  assertMount(value);
  return value;
}

function assertMount(value: unknown): asserts value is MountRecord {
  mount(value, "cache mount");
}

/** Reads one record; INVALID_IMAGE when it is none. */
export function readRecord(bytes: Uint8Array): RemoteRecord {
  const value = parseJson(bytes, "cache record");
  assertRecord(value);
  return value;
}

function assertRecord(value: unknown): asserts value is RemoteRecord {
  record(value, "cache record");
}

/** Reads what an export tells of its steps; INVALID_IMAGE when it does not. */
export function readDocument(bytes: Uint8Array): CacheDocument {
  const value = parseJson(bytes, "cache");
  assertDocument(value);
  return value;
}

/** As `readDocument`, of JSON that was parsed. */
export function assertDocument(value: unknown): asserts value is CacheDocument {
  document(value, "cache");
}
