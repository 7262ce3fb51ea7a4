import type { BuildError } from "../../error.js";
import { parseDigest, type Digest } from "../../oci/digest.js";
import { parseReference } from "../../oci/reference.js";
import { asGzip, type LayerCompression } from "../../store/layer-bytes.js";
import { suggest } from "../../suggest.js";
import { splitCsv } from "./csv.js";
import { KeyValues } from "./key-values.js";
import { compressionOf } from "./output.js";
import { unsupported } from "./usage-error.js";

/** Where a cache of other machines lies. */
export type CacheSpec =
  | {
      readonly type: "local";
      readonly path: string;
      readonly tag: string;
      readonly digest: Digest | undefined;
    }
  | {
      readonly type: "registry";
      readonly ref: string;
      /** The registry may have a bad certificate or none. */
      readonly insecure: boolean;
    };

/** One `--cache-to`. */
export interface CacheTarget {
  /** "inline" is in the image itself. */
  readonly place: CacheSpec | { readonly type: "inline" };
  /** The steps of the image alone, or those of every stage. */
  readonly mode: "max" | "min";
  readonly compression: LayerCompression;
  /** Whether a build is a success whose cache could not be exported. */
  readonly ignoreError: boolean;
}

/** `--cache-to type=inline`, as BUILDKIT_INLINE_CACHE=1 means it, too. */
export const intoImage: CacheTarget = {
  place: { type: "inline" },
  mode: "min",
  compression: asGzip,
  ignoreError: true,
};

const compressionKeys = ["compression", "compression-level", "force-compression"];
const formKeys = ["ignore-error", "image-manifest", "mode", "oci-mediatypes", ...compressionKeys];

const supported = {
  "--cache-from": {
    local: ["src", "tag", "digest"],
    registry: ["ref", "registry.insecure"],
  },
  "--cache-to": {
    inline: [],
    local: ["dest", "tag", ...formKeys],
    registry: ["ref", "registry.insecure", ...formKeys],
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

type CacheFlag = keyof typeof supported;

/** Types that docker buildx knows besides, and why they are not here. */
const refusedTypes: ReadonlyMap<string, string> = new Map([
  ["azblob", "type=s3 and type=registry are"],
]);

/** Keys that docker buildx knows besides, and what to do instead. */
const refusedKeys: ReadonlyMap<string, string> = new Map([
  ["reset", "remove the directory before the build"],
]);

/** Reads `--cache-from`: CSV with a type, or names of caches in registries. */
export function parseCacheFrom(text: string): readonly CacheSpec[] {
  const refs = bareRefs("--cache-from", text);
  if (refs !== undefined) return refs;
  const keys = new KeyValues("--cache-from", text);
  const type = typeOf(keys, "--cache-from");
  return [type === "local" ? localOf(keys, "src") : registryOf(keys)];
}

/** Reads `--cache-to`. */
export function parseCacheTo(text: string): readonly CacheTarget[] {
  const refs = bareRefs("--cache-to", text);
  if (refs !== undefined) return refs.map((place) => ({ ...intoImage, place }));
  const keys = new KeyValues("--cache-to", text);
  const type = typeOf(keys, "--cache-to");
  if (type === "inline") return [intoImage];
  checkForm(keys);
  return [
    {
      place: type === "local" ? localOf(keys, "dest") : registryOf(keys),
      mode: keys.word("mode", ["max", "min"]) ?? "min",
      compression: compressionOf(keys) ?? asGzip,
      ignoreError: keys.boolean("ignore-error") ?? true,
    },
  ];
}

/** `user/app:cache`, as buildx takes it; undefined of anything with a key. */
function bareRefs(flag: CacheFlag, text: string): readonly CacheSpec[] | undefined {
  const fields = splitCsv(flag, text);
  if (text === "" || fields.some((field) => field.includes("="))) return undefined;
  return fields.map((ref) => registryCache(ref, false));
}

function registryCache(ref: string, insecure: boolean): CacheSpec {
  parseReference(ref);
  return { type: "registry", ref, insecure };
}

function registryOf(keys: KeyValues): CacheSpec {
  const ref = keys.get("ref");
  if (ref === undefined) throw keys.wrong("type=registry needs ref=NAME");
  return registryCache(ref, keys.boolean("registry.insecure") ?? false);
}

function localOf(keys: KeyValues, key: "dest" | "src"): CacheSpec {
  const path = keys.get(key);
  if (path === undefined) throw keys.wrong(`type=local needs ${key}=DIRECTORY`);
  const tag = keys.get("tag") ?? "latest";
  if (!/^\w[\w.-]{0,127}$/.test(tag)) throw keys.wrong(`"${tag}" is no tag`);
  const digest = keys.get("digest");
  return {
    type: "local",
    path,
    tag,
    digest: digest === undefined ? undefined : parseDigest(digest),
  };
}

/** There is one form of manifest: that which every registry takes. */
function checkForm(keys: KeyValues): void {
  for (const key of ["image-manifest", "oci-mediatypes"]) {
    if (keys.boolean(key) === false)
      throw unsupported(`${key}=false of --cache-to`, "leave it away");
  }
}

function typeOf<F extends CacheFlag>(
  keys: KeyValues,
  flag: F,
): keyof (typeof supported)[F] & string {
  const types: Readonly<Record<string, readonly string[]>> = supported[flag];
  const type = keys.get("type");
  if (type === undefined) throw keys.wrong("the type is missing", listOf(types));
  if (!isKeyOf(supported[flag], type)) throw noSuchType(type, keys, flag);
  const known = ["type", ...(types[type] ?? [])];
  for (const [key] of keys.pairs)
    if (!known.includes(key)) throw noSuchKey(key, { keys, flag, known });
  return type;
}

function isKeyOf<T extends object>(object: T, key: string): key is keyof T & string {
  return Object.hasOwn(object, key);
}

function noSuchType(type: string, keys: KeyValues, flag: CacheFlag): BuildError {
  if (refusedTypes.has(type)) return unsupported(`type=${type} of ${flag}`, refusedTypes.get(type));
  if (type === "inline") {
    return keys.wrong(
      "an image is read as type=registry",
      "type=registry,ref=IMAGE finds its cache",
    );
  }
  const types = Object.keys(supported[flag]);
  const near = suggest(type, types);
  const hint = near === undefined ? `the types are ${types.join(", ")}` : `did you mean "${near}"?`;
  return keys.wrong(`no cache is of type "${type}"`, hint);
}

function listOf(types: object): string {
  return `the types are ${Object.keys(types).join(", ")}`;
}

function noSuchKey(
  key: string,
  { keys, flag, known }: { keys: KeyValues; flag: CacheFlag; known: readonly string[] },
): BuildError {
  if (refusedKeys.has(key)) return unsupported(`the key "${key}" of ${flag}`, refusedKeys.get(key));
  const near = suggest(key, known);
  const hint = near === undefined ? `the keys are ${known.join(", ")}` : `did you mean "${near}"?`;
  return keys.wrong(`type=${keys.get("type") ?? ""} has no key "${key}"`, hint);
}
