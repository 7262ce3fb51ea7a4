import { assert } from "chai";
import { parseCacheFrom, parseCacheTo, type CacheTarget } from "../../../src/cli/args/cache.js";
import type { CacheSpec } from "../../../src/cli/args/cache-spec.js";
import { BuildError } from "../../../src/error.js";
import { parseDigest, type Digest } from "../../../src/oci/digest.js";

const digest = parseDigest(`sha256:${"a".repeat(64)}`);
const gzip = { type: "gzip" } as const;
const usual = { mode: "min", compression: gzip, mounts: [], ignoreError: true } as const;

function registry(ref: string, insecure = false): CacheSpec {
  return { type: "registry", ref, insecure };
}

function local(path: string, tag = "latest", from?: Digest): CacheSpec {
  return { type: "local", path, tag, digest: from };
}

const s3 = {
  type: "s3",
  bucket: undefined,
  region: undefined,
  endpoint: undefined,
  pathStyle: false,
  accessKeyId: undefined,
  secretAccessKey: undefined,
  sessionToken: undefined,
  manifests: "manifests/",
  blobs: "blobs/",
  name: "tsbuild",
} as const;
const bucket = {
  bucket: "b",
  region: "r",
  pathStyle: true,
  manifests: "p/manifests/",
  blobs: "p/blobs/",
} as const;

describe("parseCacheFrom()", () => {
  const cases: readonly (readonly [text: string, ...specs: CacheSpec[]])[] = [
    ["user/app:cache", registry("user/app:cache")],
    ["user/app:a,user/app:b", registry("user/app:a"), registry("user/app:b")],
    ["type=registry,ref=user/app", registry("user/app")],
    ["type=registry,ref=r:5000/a,registry.insecure=true", registry("r:5000/a", true)],
    ["type=local,src=/cache", local("/cache")],
    [`type=local,src=c,tag=main,digest=${digest}`, local("c", "main", digest)],
    ['"type=local","src=a,b"', local("a,b")],
    ["type=gha", { type: "gha", url: undefined, token: undefined, scope: "tsbuild" }],
    ["type=s3", s3],
    [
      "type=s3,bucket=b,region=r,prefix=p/,name=main;branch,use_path_style=true",
      { ...s3, ...bucket, name: "main" },
      { ...s3, ...bucket, name: "branch" },
    ],
  ];
  for (const [text, ...specs] of cases) {
    it(`K18 K21 K22 K23 reads ${text}`, () => {
      assert.deepStrictEqual(parseCacheFrom(text), specs);
    });
  }

  const wrong = [
    ["", /"" is not KEY=VALUE/],
    ["src=/cache", /the type is missing/],
    ["type=registry", /needs ref=NAME/],
    ["type=registry,ref=Bad", /the repository must be lowercase/],
    ["type=local", /needs src=DIRECTORY/],
    ["type=local,src=a,tag=a/b", /"a\/b" is not a tag/],
    ["type=local,src=a,digest=md5:1", /Cannot parse digest/],
    ["type=local,dest=a", /type=local has no key "dest"/],
    ["type=gha,url=http://a", /the key "url" of caches: not supported yet/],
    ["type=gha,url_v2=a", /url_v2 is not a URL of a server/],
    ["type=s3,endpoint_url=ftp://a", /endpoint_url is not a URL of a server/],
    ["type=s3,touch_refresh=24h", /type=s3 has no key "touch_refresh"/],
    ["type=s3,secret_access_key=hunter2,x=1", /type=s3,secret_access_key=…,x=1/],
    ["type=regstry,ref=a", /no cache is of type "regstry"/],
    ["type=inline", /an image is read as type=registry/],
    ["type=azblob,name=a", /type=azblob of --cache-from: not supported yet/],
  ] as const;
  for (const [text, message] of wrong) {
    it(`refuses "${text}"`, () => {
      assert.throws(() => parseCacheFrom(text), BuildError, message);
    });
  }
});

describe("parseCacheTo()", () => {
  const cases: readonly (readonly [text: string, target: CacheTarget])[] = [
    ["user/app:cache", { ...usual, place: registry("user/app:cache") }],
    ["type=inline", { ...usual, place: { type: "inline" } }],
    ["type=inline,mode=min", { ...usual, place: { type: "inline" } }],
    ["type=local,dest=c", { ...usual, place: local("c") }],
    [
      "type=registry,ref=a,mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=false",
      { ...usual, place: registry("a"), mode: "max", ignoreError: false },
    ],
    [
      "type=local,dest=c,compression=zstd,compression-level=5,force-compression=true",
      { ...usual, place: local("c"), compression: { type: "zstd", level: 5, force: true } },
    ],
  ];
  for (const [text, target] of cases) {
    it(`K19 K20 K21 K24 reads ${text}`, () => {
      assert.deepStrictEqual(parseCacheTo(text), [target]);
    });
  }

  const mounts: readonly (readonly [text: string, wanted: CacheTarget["mounts"]])[] = [
    ["mounts=all", "all"],
    ["mounts=/root/.npm", ["/root/.npm"]],
    ["mounts=/root/.npm,go,ci/x,mode=max", ["/root/.npm", "go", "ci/x"]],
    ['"mounts=a,b"', ["a", "b"]],
    ["mounts=", []],
  ];
  for (const [text, wanted] of mounts) {
    it(`K24 reads ${text}`, () => {
      const [target] = parseCacheTo(`type=local,dest=c,${text}`);
      assert.deepStrictEqual(target?.mounts, wanted);
    });
  }

  const wrong = [
    ["type=local,dest=c,mode=max,a", /"a" is not KEY=VALUE/],
    ["type=inline,mounts=all", /the config of an image has no room for cache mounts/],
    ["type=registry,ref=a,mode=all", /mode is "all", want max, min/],
    ["type=registry,ref=a,oci-mediatypes=false", /oci-mediatypes=false of --cache-to/],
    ["type=local,dest=c,image-manifest=false", /image-manifest=false of --cache-to/],
    ["type=local,dest=c,reset=true", /the key "reset" of caches: not supported yet/],
    ["type=local,dest=c,compression=estargz", /estargz is not supported/],
    ["type=inline,mode=max", /an image has the steps of its own layers \(mode=min\)/],
    ["type=inline,ref=a", /type=inline has no key "ref"/],
    ["type=registry,ref=a,ignore-error=maybe", /ignore-error is "maybe", want true or false/],
    ["type=registry,ref=a,image-manifest=2", /image-manifest is "2", want true or false/],
    ["type=registry,ref=a,oci-mediatypes=oci", /oci-mediatypes is "oci", want true or false/],
    ["type=registry,ref=a,force-compression=x", /force-compression is "x", want true or false/],
    ["type=registry,ref=a,compression=lz4", /compression is "lz4", want uncompressed, gzip, zstd/],
    [
      "type=local,dest=c,compression-level=10",
      /compression-level is "10", want a number from 0 to 9/,
    ],
    ["type=gha,mode=", /mode is ""/],
    ["type=local", /needs dest=DIRECTORY/],
    ["type=local,dest=c,mod=max", /has no key "mod"/],
  ] as const;
  for (const [text, message] of wrong) {
    it(`refuses "${text}"`, () => {
      assert.throws(() => parseCacheTo(text), BuildError, message);
    });
  }
});
