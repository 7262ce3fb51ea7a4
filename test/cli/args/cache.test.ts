import { assert } from "chai";
import { parseCacheFrom, parseCacheTo } from "../../../src/cli/args/cache.js";
import type { CacheSpec, CacheTarget } from "../../../src/cli/args/cache.js";
import { BuildError } from "../../../src/error.js";
import { parseDigest, type Digest } from "../../../src/oci/digest.js";

const digest = parseDigest(`sha256:${"a".repeat(64)}`);
const gzip = { type: "gzip" } as const;
const usual = { mode: "min", compression: gzip, ignoreError: true } as const;

function registry(ref: string, insecure = false): CacheSpec {
  return { type: "registry", ref, insecure };
}

function local(path: string, tag = "latest", from?: Digest): CacheSpec {
  return { type: "local", path, tag, digest: from };
}

describe("parseCacheFrom()", () => {
  const cases: readonly (readonly [text: string, ...specs: CacheSpec[]])[] = [
    ["user/app:cache", registry("user/app:cache")],
    ["user/app:a,user/app:b", registry("user/app:a"), registry("user/app:b")],
    ["type=registry,ref=user/app", registry("user/app")],
    ["type=registry,ref=r:5000/a,registry.insecure=true", registry("r:5000/a", true)],
    ["type=local,src=/cache", local("/cache")],
    [`type=local,src=c,tag=main,digest=${digest}`, local("c", "main", digest)],
    ['"type=local","src=a,b"', local("a,b")],
  ];
  for (const [text, ...specs] of cases) {
    it(`K18 K21 reads ${text}`, () => {
      assert.deepStrictEqual(parseCacheFrom(text), specs);
    });
  }

  const wrong = [
    ["", /"" is not KEY=VALUE/],
    ["src=/cache", /the type is missing/],
    ["type=registry", /needs ref=NAME/],
    ["type=registry,ref=Bad", /the repository must be lowercase/],
    ["type=local", /needs src=DIRECTORY/],
    ["type=local,src=a,tag=a/b", /"a\/b" is no tag/],
    ["type=local,src=a,digest=md5:1", /Cannot parse digest/],
    ["type=local,dest=a", /type=local has no key "dest"/],
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

  const wrong = [
    ["type=registry,ref=a,mode=all", /mode is "all", want max, min/],
    ["type=registry,ref=a,oci-mediatypes=false", /oci-mediatypes=false of --cache-to/],
    ["type=local,dest=c,image-manifest=false", /image-manifest=false of --cache-to/],
    ["type=local,dest=c,reset=true", /the key "reset" of --cache-to: not supported yet/],
    ["type=local,dest=c,compression=estargz", /estargz is not supported/],
    ["type=inline,mode=max", /type=inline has no key "mode"/],
    ["type=local", /needs dest=DIRECTORY/],
    ["type=local,dest=c,mod=max", /has no key "mod"/],
  ] as const;
  for (const [text, message] of wrong) {
    it(`refuses "${text}"`, () => {
      assert.throws(() => parseCacheTo(text), BuildError, message);
    });
  }
});
