import type { LayerCompression } from "../../store/layer-bytes.js";
import type { Annotation } from "./annotation.js";
import type { KeyValues } from "./key-values.js";
import { OutputKeys } from "./output-keys.js";
import { badValue } from "./usage-error.js";

/** How an image is written down. */
export interface ImageForm {
  /** Instead of the tags of the build, where there are none. */
  readonly names: readonly string[];
  /** Undefined is what suits the output. */
  readonly compression: LayerCompression | undefined;
  readonly mediaTypes: "docker" | "oci";
  readonly annotations: readonly Annotation[];
  /** Attestations name the image that they are about; else they look like one (O13). */
  readonly ociArtifact: boolean;
  /** Lower the times in new layers to the epoch (T03); undefined where there is one. */
  readonly rewriteTimestamp: boolean | undefined;
  /** Instead of SOURCE_DATE_EPOCH, in seconds. */
  readonly epoch: number | undefined;
}

/** What becomes of an image, besides a file. */
export interface ImageTarget extends ImageForm {
  readonly type: "image";
  readonly push: boolean;
  readonly pushByDigest: boolean;
  /** Also under its name with its digest. */
  readonly nameCanonical: boolean;
  /** What comes before the digest in the name of an image that has no other. */
  readonly danglingPrefix: string | undefined;
  /** The registries may have a bad certificate or none. */
  readonly insecure: boolean;
  /** Keep it in the image store. */
  readonly store: boolean;
}

/** The root filesystem: into a directory or a tar. */
interface TreeOutput {
  readonly dest: string;
  /** Below a directory that is named after the platform; undefined where there are several. */
  readonly platformSplit: boolean | undefined;
  /** What the names of attestations begin with. */
  readonly attestationPrefix: string;
  readonly epoch: number | undefined;
}

/** Where a result goes. A `dest` of "-" is standard output. */
export type OutputSpec =
  | ({ readonly type: "local"; readonly mode: "copy" | "delete" } & TreeOutput)
  | ({ readonly type: "tar" } & TreeOutput)
  /** `tar: false` writes the layout as a directory. */
  | ({ readonly type: "oci"; readonly dest: string; readonly tar: boolean } & ImageForm)
  /** Without `dest` into the engine that runs here. */
  | ({ readonly type: "docker"; readonly dest: string | undefined } & ImageForm)
  | ImageTarget
  | { readonly type: "cacheonly" };

/** An image as it is made when nothing else was asked for. */
export const usualForm: ImageForm = {
  names: [],
  compression: undefined,
  mediaTypes: "oci",
  annotations: [],
  ociArtifact: true,
  rewriteTimestamp: undefined,
  epoch: undefined,
};

/** Into the image store, and nowhere else: what a build does by itself. */
export const intoStore: ImageTarget = {
  ...usualForm,
  type: "image",
  push: false,
  pushByDigest: false,
  nameCanonical: false,
  danglingPrefix: undefined,
  insecure: false,
  store: true,
};

const plainTree = { platformSplit: undefined, attestationPrefix: "", epoch: undefined } as const;

/** Reads `--output`: CSV of key=value with a type, a bare path (type=local), or "-" (a tar). */
export function parseOutput(text: string): OutputSpec {
  if (text === "-") return { type: "tar", dest: "-", ...plainTree };
  if (!/[=,"]/.test(text)) {
    if (text === "") throw badValue("--output", text, "want a path, or type=…");
    const tree = { dest: text, ...plainTree };
    return { type: "local", mode: "copy", ...tree };
  }
  return fromKeys(new OutputKeys(text));
}

function fromKeys(keys: OutputKeys): OutputSpec {
  const { type, dest } = keys;
  switch (type) {
    case "local": {
      if (dest === undefined) throw keys.wrong("type=local needs dest=DIRECTORY");
      if (dest === "-") throw keys.wrong("a directory cannot go to standard output");
      const mode = keys.word("mode", ["copy", "delete"]) ?? "copy";
      return { type, mode, ...treeOf(keys, dest) };
    }
    case "tar":
      return { type, ...treeOf(keys, dest ?? "-") };
    case "oci": {
      const tar = keys.boolean("tar") ?? true;
      if (!tar && (dest === undefined || dest === "-")) {
        throw keys.wrong("tar=false needs dest=DIRECTORY");
      }
      return { type, dest: dest ?? "-", tar, ...formOf(keys) };
    }
    case "docker":
      return { type, dest, ...formOf(keys) };
    case "image":
    case "registry":
      return imageOf(keys, type === "registry");
    case "cacheonly":
      return { type };
  }
}

function treeOf(keys: OutputKeys, dest: string): TreeOutput {
  const attestationPrefix = keys.get("attestation-prefix") ?? "";
  if (attestationPrefix.includes("/")) throw keys.wrong("attestation-prefix is not part of a name");
  return {
    dest,
    platformSplit: keys.boolean("platform-split"),
    attestationPrefix,
    epoch: epochOf(keys),
  };
}

function imageOf(keys: OutputKeys, push: boolean): ImageTarget {
  keys.boolean("unpack"); // an image of the store is always ready to run
  return {
    ...formOf(keys),
    type: "image",
    push: keys.boolean("push") ?? push,
    pushByDigest: keys.boolean("push-by-digest") ?? false,
    nameCanonical: keys.boolean("name-canonical") ?? false,
    danglingPrefix: keys.get("dangling-name-prefix"),
    insecure: keys.boolean("registry.insecure") ?? false,
    store: keys.boolean("store") ?? true,
  };
}

function formOf(keys: OutputKeys): ImageForm {
  keys.boolean("prefer-nondist-layers"); // what a base has of them stays as it is
  const { annotations } = keys;
  const compression = compressionOf(keys);
  const oci = keys.boolean("oci-mediatypes") ?? true;
  if (!oci && compression?.type === "zstd") {
    throw keys.wrong("oci-mediatypes=false: Docker's media types know no zstd");
  }
  if (!oci && annotations.length > 0) throw keys.wrong(withoutAnnotations);
  return {
    names: splitNames(keys.get("name")),
    compression,
    mediaTypes: oci ? "oci" : "docker",
    annotations,
    ociArtifact: keys.boolean("oci-artifact") ?? true,
    rewriteTimestamp: keys.boolean("rewrite-timestamp"),
    epoch: epochOf(keys),
  };
}

/** Why `oci-mediatypes=false` and annotations exclude each other. */
export const withoutAnnotations = "oci-mediatypes=false: Docker's manifests have no annotations";

/** The greatest level of each format (O14). */
const levels = { gzip: 9, uncompressed: 0, zstd: 22 } as const;

/** Reads the keys that say how layers are compressed. */
export function compressionOf(keys: KeyValues): LayerCompression | undefined {
  const type = keys.word("compression", ["uncompressed", "gzip", "zstd", "estargz"]);
  if (type === "estargz") throw keys.wrong("estargz is not supported", "gzip and zstd are");
  const level = keys.number("compression-level", levels[type ?? "gzip"]);
  const force = keys.boolean("force-compression") ?? false;
  if (type === undefined && level === undefined && !force) return undefined;
  return { type: type ?? "gzip", level, force };
}

function epochOf(keys: OutputKeys): number | undefined {
  return keys.number("source-date-epoch", Number.MAX_SAFE_INTEGER);
}

function splitNames(value: string | undefined): readonly string[] {
  return value === undefined ? [] : value.split(",").map((name) => name.trim());
}
