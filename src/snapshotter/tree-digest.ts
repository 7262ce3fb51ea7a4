import { createHash } from "node:crypto";
import type { Changeset, Entry } from "../oci/changeset.js";
import { contentDigest } from "../oci/content.js";
import type { Digest } from "../oci/digest.js";
import { writeLayerTar, type WrittenEntry } from "../oci/layer-tar.js";
import type { LayerMeasure, TreeDigest } from "./snapshotter.js";

/** Bump when the meaning of a tree digest changes; what was known by older ones is then a miss. */
const FORMAT = "tsbuild-tree-1";

/** Text that is hashed at once: a call of `update` costs as much as hashing a kilobyte. */
const BATCH = 1 << 16;

/** Hashes a changeset entry by entry. */
export class TreeHasher {
  readonly #hash = createHash("sha256");
  #pending = fieldsOf([FORMAT]);

  /** Adds the next entry; a regular file comes with the SHA-256 of its content in hex. */
  add(entry: Entry, sha256: string | undefined): void {
    this.#pending += fieldsOf(describe(entry, sha256));
    if (this.#pending.length >= BATCH) this.#flush();
  }

  digest(): TreeDigest {
    this.#flush();
    return this.#hash.digest("hex") as TreeDigest;
  }

  #flush(): void {
    this.#hash.update(this.#pending, "latin1");
    this.#pending = "";
  }
}

function describe(entry: Entry, sha256: string | undefined): readonly string[] {
  if (entry.type === "whiteout" || entry.type === "opaque") return [entry.type, entry.path];
  const { type, path, mode, uid, gid } = entry;
  const common = [type, path, String(mode), String(uid), String(gid)];
  common.push(...xattrsOf(entry.xattrs));
  switch (entry.type) {
    case "file":
      if (sha256 === undefined) throw new Error(`no digest of the content of "${path}"`);
      return [...common, String(entry.size), sha256];
    case "symlink":
    case "hardlink":
      return [...common, entry.target];
    case "block":
    case "char":
      return [...common, String(entry.major), String(entry.minor)];
    case "directory":
    case "fifo":
      return common;
  }
}

/** Their number first, so that they cannot be taken for the fields that follow. */
function xattrsOf(xattrs: ReadonlyMap<string, Uint8Array> | undefined): readonly string[] {
  if (xattrs === undefined || xattrs.size === 0) return ["0"];
  const names = [...xattrs.keys()].sort();
  const value = (name: string): string => Buffer.from(xattrs.get(name) ?? []).toString("latin1");
  return [String(names.length), ...names.flatMap((name) => [name, value(name)])];
}

/** Length-prefixed; all fields are byte strings. */
function fieldsOf(fields: readonly string[]): string {
  let text = "";
  for (const field of fields) text += `${field.length}:${field}`;
  return text;
}

/** Digests a changeset; reads only the content of files that come without their SHA-256. */
export async function treeDigest(changes: Changeset): Promise<TreeDigest> {
  const tree = new TreeHasher();
  // Waiting for each of what is there already takes as long as hashing it.
  if (Symbol.iterator in changes) {
    for (const entry of changes) tree.add(entry, knownDigest(entry) ?? (await digestIn(entry)));
  } else {
    for await (const entry of changes) tree.add(entry, await digestIn(entry));
  }
  return tree.digest();
}

function knownDigest(entry: Entry): string | undefined {
  return entry.type === "file" ? entry.sha256 : undefined;
}

async function digestIn(entry: Entry): Promise<string | undefined> {
  return entry.type === "file" ? await contentDigest(entry) : undefined;
}

/** What becomes of a layer while it is measured. */
export interface LayerSink {
  /** Told of each entry once its content was read. */
  entry(entry: Entry, written: WrittenEntry): void;
  /** The next bytes of the tar; valid only during the call. */
  bytes(chunk: Uint8Array): void;
}

const noSink: LayerSink = { entry: () => undefined, bytes: () => undefined };

/** DiffID, tree digest and size of the layer, reading its content once. */
export function measureChanges(changes: Changeset, signal?: AbortSignal): Promise<LayerMeasure> {
  return measureInto(noSink, changes, signal);
}

/** As `measureChanges`, and hands everything on. */
export async function measureInto(
  sink: LayerSink,
  changes: Changeset,
  signal?: AbortSignal,
): Promise<LayerMeasure> {
  const tree = new TreeHasher();
  const tar = createHash("sha256");
  let size = 0;
  const onEntry = (entry: Entry, written: WrittenEntry): void => {
    tree.add(entry, written.sha256);
    sink.entry(entry, written);
  };
  for await (const chunk of writeLayerTar(changes, { onEntry, reuse: true })) {
    signal?.throwIfAborted();
    tar.update(chunk);
    sink.bytes(chunk);
    size += chunk.byteLength;
  }
  return { diffId: `sha256:${tar.digest("hex")}` as Digest, tree: tree.digest(), size };
}
