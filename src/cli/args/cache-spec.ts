import { parseDigest, type Digest } from "../../oci/digest.js";
import { parseReference } from "../../oci/reference.js";
import type { KeyValues } from "./key-values.js";

/** Where a cache of other machines lies. What a key leaves open the environment may tell. */
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
    }
  | S3Spec
  | GhaSpec;

/** A bucket, and a cache in it. */
export interface S3Spec {
  readonly type: "s3";
  readonly bucket: string | undefined;
  readonly region: string | undefined;
  readonly endpoint: URL | undefined;
  readonly pathStyle: boolean;
  readonly accessKeyId: string | undefined;
  readonly secretAccessKey: string | undefined;
  readonly sessionToken: string | undefined;
  /** What keys of manifests begin with. */
  readonly manifests: string;
  /** What keys of blobs begin with. */
  readonly blobs: string;
  readonly name: string;
}

/** The cache service of GitHub Actions. */
export interface GhaSpec {
  readonly type: "gha";
  readonly url: URL | undefined;
  readonly token: string | undefined;
  readonly scope: string;
}

/** A cache in a registry by its name alone. */
export function registryCache(ref: string, insecure = false): CacheSpec {
  parseReference(ref);
  return { type: "registry", ref, insecure };
}

/** Reads `type=registry`. */
export function registryOf(keys: KeyValues): CacheSpec {
  const ref = keys.get("ref");
  if (ref === undefined) throw keys.wrong("type=registry needs ref=NAME");
  return registryCache(ref, keys.boolean("registry.insecure"));
}

/** Reads `type=local`, whose directory is the value of `key`. */
export function localOf(keys: KeyValues, key: "dest" | "src"): CacheSpec {
  const path = keys.get(key);
  if (path === undefined) throw keys.wrong(`type=local needs ${key}=DIRECTORY`);
  const tag = keys.get("tag") ?? "latest";
  if (!/^\w[\w.-]{0,127}$/.test(tag)) throw keys.wrong(`"${tag}" is not a tag`);
  const digest = keys.get("digest");
  return {
    type: "local",
    path,
    tag,
    digest: digest === undefined ? undefined : parseDigest(digest),
  };
}

/** Reads `type=s3`: one cache for each name. */
export function s3Of(keys: KeyValues): readonly S3Spec[] {
  const prefix = keys.get("prefix") ?? "";
  const spec = {
    type: "s3",
    bucket: keys.get("bucket"),
    region: keys.get("region"),
    endpoint: urlOf(keys, "endpoint_url"),
    pathStyle: keys.boolean("use_path_style") ?? false,
    accessKeyId: keys.get("access_key_id"),
    secretAccessKey: keys.get("secret_access_key"),
    sessionToken: keys.get("session_token"),
    manifests: prefix + (keys.get("manifests_prefix") ?? "manifests/"),
    blobs: prefix + (keys.get("blobs_prefix") ?? "blobs/"),
  } as const;
  const names = (keys.get("name") ?? "tsbuild").split(";").filter((name) => name !== "");
  return names.map((name) => ({ ...spec, name }));
}

/** Reads `type=gha`. */
export function ghaOf(keys: KeyValues): GhaSpec {
  return {
    type: "gha",
    url: urlOf(keys, "url_v2"),
    token: keys.get("token"),
    scope: keys.get("scope") ?? "tsbuild",
  };
}

function urlOf(keys: KeyValues, key: string): URL | undefined {
  const text = keys.get(key);
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw keys.wrong(`${key} is not a URL of a server`);
}
