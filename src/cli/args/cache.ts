import type { WantedMounts } from "../../cache/remote/wanted-mounts.js";
import type { BuildError } from "../../error.js";
import { asGzip, type LayerCompression } from "../../store/layer-bytes.js";
import { suggest } from "../../suggest.js";
import { ghaOf, localOf, registryCache, registryOf, s3Of, type CacheSpec } from "./cache-spec.js";
import { splitCsv } from "./csv.js";
import { KeyValues } from "./key-values.js";
import { compressionOf } from "./output.js";
import { unsupported } from "./usage-error.js";

/** One `--cache-to`. */
export interface CacheTarget {
  /** "inline" is in the image itself. */
  readonly place: CacheSpec | { readonly type: "inline" };
  /** The steps of the image alone, or those of every stage. */
  readonly mode: "max" | "min";
  readonly compression: LayerCompression;
  /** Which cache mounts go along. */
  readonly mounts: WantedMounts;
  /** Whether a build is a success whose cache could not be exported. */
  readonly ignoreError: boolean;
}

/** `--cache-to type=inline`, as BUILDKIT_INLINE_CACHE=1 means it, too. */
export const intoImage: CacheTarget = {
  place: { type: "inline" },
  mode: "min",
  compression: asGzip,
  mounts: [],
  ignoreError: true,
};

const s3Keys = [
  ...["bucket", "region", "prefix", "manifests_prefix", "blobs_prefix", "name"],
  ...["endpoint_url", "use_path_style", "access_key_id", "secret_access_key", "session_token"],
];
const ghaKeys = ["url_v2", "token", "scope"];
const commonKeys = ["ignore-error", "image-manifest", "mode", "oci-mediatypes"];
const exportKeys = [
  ...commonKeys,
  "mounts",
  "compression",
  "compression-level",
  "force-compression",
];

/** The keys of each type that work here. */
const supported = {
  "--cache-from": {
    gha: ghaKeys,
    local: ["src", "tag", "digest"],
    registry: ["ref", "registry.insecure"],
    s3: s3Keys,
  },
  "--cache-to": {
    gha: [...ghaKeys, ...exportKeys],
    inline: ["mode"],
    local: ["dest", "tag", ...exportKeys],
    registry: ["ref", "registry.insecure", ...exportKeys],
    s3: [...s3Keys, ...exportKeys],
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

type CacheFlag = keyof typeof supported;
type CacheType = CacheSpec["type"];

/** Keys that docker buildx knows besides, and what to do instead. */
const refusedKeys: ReadonlyMap<string, string> = new Map([
  ["reset", "remove the directory before the build"],
  ["url", "url_v2 is: version 1 of the service has gone"],
]);

/** Reads `--cache-from`: CSV with a type, or names of caches in registries. */
export function parseCacheFrom(text: string): readonly CacheSpec[] {
  const refs = bareRefs("--cache-from", text);
  if (refs !== undefined) return refs;
  const keys = new KeyValues("--cache-from", text);
  const type = typeOf(keys, "--cache-from");
  if (type !== "inline") return placesOf(type, keys, "src");
  const hint = "type=registry,ref=IMAGE finds its cache";
  throw keys.wrong("an image is read as type=registry", hint);
}

/** Reads `--cache-to`. */
export function parseCacheTo(text: string): readonly CacheTarget[] {
  const refs = bareRefs("--cache-to", text);
  if (refs !== undefined) return refs.map((place) => ({ ...intoImage, place }));
  const keys = new KeyValues("--cache-to", text, "mounts");
  const type = typeOf(keys, "--cache-to");
  if (type === "inline") return [inlineOf(keys)];
  checkForm(keys);
  const how = {
    mode: keys.word("mode", ["max", "min"]) ?? "min",
    compression: compressionOf(keys) ?? asGzip,
    mounts: mountsOf(keys),
    ignoreError: keys.boolean("ignore-error") ?? true,
  };
  return placesOf(type, keys, "dest").map((place) => ({ place, ...how }));
}

function inlineOf(keys: KeyValues): CacheTarget {
  if (keys.word("mode", ["max", "min"]) !== "max") return intoImage;
  const reason = "an image has the steps of its own layers (mode=min), and no others";
  throw keys.wrong(reason, "--cache-to type=registry,mode=max has those of every stage");
}

function placesOf(type: CacheType, keys: KeyValues, key: "dest" | "src"): readonly CacheSpec[] {
  switch (type) {
    case "gha":
      return [ghaOf(keys)];
    case "local":
      return [localOf(keys, key)];
    case "registry":
      return [registryOf(keys)];
    case "s3":
      return s3Of(keys);
  }
}

function mountsOf(keys: KeyValues): WantedMounts {
  const ids = (keys.get("mounts") ?? "").split(",").filter((id) => id !== "");
  return ids.includes("all") ? "all" : ids;
}

/** `user/app:cache`, as buildx takes it; undefined of anything with a key. */
function bareRefs(flag: CacheFlag, text: string): readonly CacheSpec[] | undefined {
  const fields = splitCsv(flag, text);
  if (text === "" || fields.some((field) => field.includes("="))) return undefined;
  return fields.map((ref) => registryCache(ref));
}

/** There is one form of manifest: that which every registry takes. */
function checkForm(keys: KeyValues): void {
  for (const key of ["image-manifest", "oci-mediatypes"]) {
    if (keys.boolean(key) === false)
      throw unsupported(`${key}=false of --cache-to`, "leave it out");
  }
}

/** The type, when all keys are keys of it. */
function typeOf(keys: KeyValues, flag: CacheFlag): CacheType | "inline" {
  const type = keys.get("type");
  const types: Readonly<Record<string, readonly string[]>> = supported[flag];
  if (type === undefined) throw keys.wrong("the type is missing", listed(types));
  if (type === "azblob")
    throw unsupported(`type=azblob of ${flag}`, "type=s3 and type=registry are");
  if (!isType(type)) throw noSuchType(type, keys, types);
  const known = ["type", ...(types[type] ?? [])];
  for (const [key] of keys.pairs) {
    if (type === "inline" && flag === "--cache-from") break;
    if (!known.includes(key)) throw noSuchKey(key, keys, known);
  }
  return type;
}

function isType(text: string): text is CacheType | "inline" {
  return Object.hasOwn(supported["--cache-to"], text);
}

function noSuchType(type: string, keys: KeyValues, types: object): BuildError {
  const near = suggest(type, Object.keys(types));
  const hint = near === undefined ? listed(types) : `did you mean "${near}"?`;
  return keys.wrong(`no cache is of type "${type}"`, hint);
}

function noSuchKey(key: string, keys: KeyValues, known: readonly string[]): BuildError {
  if (keys.get("type") === "inline" && key === "mounts") {
    const hint = "--cache-to type=registry has, and others";
    return keys.wrong("the config of an image has no room for cache mounts", hint);
  }
  if (refusedKeys.has(key)) return unsupported(`the key "${key}" of caches`, refusedKeys.get(key));
  const near = suggest(key, known);
  const hint = near === undefined ? `the keys are ${known.join(", ")}` : `did you mean "${near}"?`;
  return keys.wrong(`type=${keys.get("type") ?? ""} has no key "${key}"`, hint);
}

function listed(types: object): string {
  return `the types are ${Object.keys(types).join(", ")}`;
}
