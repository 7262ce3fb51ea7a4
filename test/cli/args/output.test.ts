import { parseAnnotation } from "../../../src/cli/args/annotation.js";
import { intoStore, parseOutput, usualForm } from "../../../src/cli/args/output.js";
import { table } from "./table.js";

const tree = { platformSplit: undefined, attestationPrefix: "", epoch: undefined };
const local = { type: "local", mode: "copy", ...tree };
const arm = { os: "linux", architecture: "arm64" };
const note = { place: "manifest", platform: undefined, key: "a.b", value: "c" } as const;

/** The error about `text`. */
function wrong(text: string, reason: string): readonly [string, string] {
  return [text, `Cannot use --output "${text}": ${reason}`];
}

table("F19 parseOutput()", parseOutput, [
  ["out", { ...local, dest: "out" }],
  ["-", { type: "tar", dest: "-", ...tree }],
  ["type=local,dest=out", { ...local, dest: "out" }],
  ["dest=out.tar,type=tar", { type: "tar", dest: "out.tar", ...tree }],
  ["type=tar", { type: "tar", dest: "-", ...tree }],
  ["TYPE=cacheonly", { type: "cacheonly" }],
  ["type=oci,type=cacheonly", { type: "cacheonly" }],
  ["", 'Cannot use --output "": want a path, or type=…'],
  wrong("type=local", "type=local needs dest=DIRECTORY"),
  wrong("type=local,dest=-", "a directory cannot go to standard output"),
  wrong("type=tar,dest=", "dest is empty"),
  wrong("type=oci,a", '"a" is not KEY=VALUE'),
  wrong("type=oci,tar=x", 'tar is "x", want true or false'),
  wrong(
    "dest=a",
    "the type is missing; the types are local, tar, oci, docker, image, registry, cacheonly",
  ),
  wrong("type=dokcer,dest=a", 'no output is of type "dokcer"; did you mean "docker"?'),
  wrong("type=tar,dset=a", 'type=tar has no key "dset"; did you mean "dest"?'),
  wrong(
    "type=cacheonly,dest=a",
    'type=cacheonly has no key "dest"; it is a key of type=local, type=tar, type=oci, type=docker',
  ),
  wrong(
    "type=tar,xyzzy=a",
    'type=tar has no key "xyzzy"; type=tar takes type, dest, attestation-prefix, platform-split, source-date-epoch',
  ),
]);

table("O02 O03 O04 parseOutput() of a tree", parseOutput, [
  ["type=local,dest=a,platform-split=true", { ...local, dest: "a", platformSplit: true }],
  ["type=local,dest=a,mode=delete", { ...local, dest: "a", mode: "delete" }],
  ["type=tar,source-date-epoch=12", { type: "tar", dest: "-", ...tree, epoch: 12 }],
  ["type=local,dest=a,attestation-prefix=b-", { ...local, dest: "a", attestationPrefix: "b-" }],
  wrong("type=tar,attestation-prefix=b/c", "attestation-prefix is not part of a name"),
  wrong("type=local,dest=a,mode=remove", 'mode is "remove", want copy, delete'),
  wrong("type=tar,mode=delete", 'type=tar has no key "mode"; it is a key of type=local'),
  wrong(
    "type=tar,source-date-epoch=-1",
    'source-date-epoch is "-1", want a number from 0 to 9007199254740991',
  ),
  [
    "type=image,attestation-inline=true",
    'Cannot use the key "attestation-inline" of --output: not supported yet; attestations that are asked for are always beside the image',
  ],
]);

table("O06 O07 parseOutput() of an archive", parseOutput, [
  ["type=oci", { ...usualForm, type: "oci", dest: "-", tar: true }],
  ["type=oci,dest=a,tar=false", { ...usualForm, type: "oci", dest: "a", tar: false }],
  ['type=docker,dest=a,"name=b,c"', { ...usualForm, type: "docker", dest: "a", names: ["b", "c"] }],
  ["type=docker", { ...usualForm, type: "docker", dest: undefined }],
  wrong("type=oci,tar=false", "tar=false needs dest=DIRECTORY"),
  [
    "type=docker,context=a",
    'Cannot use the key "context" of --output: not supported yet; set DOCKER_HOST to say which engine loads the image',
  ],
]);

table("O08 O11 parseOutput() of an image", parseOutput, [
  ["type=image", intoStore],
  ["type=image,push=true", { ...intoStore, push: true }],
  ["type=image,name=a", { ...intoStore, names: ["a"] }],
  ["type=registry,name=a,unpack=false", { ...intoStore, push: true, names: ["a"] }],
  ["type=registry,push=false", intoStore],
  ["type=image,store=false,push=1", { ...intoStore, store: false, push: true }],
  [
    "type=image,push-by-digest=true,name-canonical=true,registry.insecure=true",
    { ...intoStore, pushByDigest: true, nameCanonical: true, insecure: true },
  ],
  ["type=image,dangling-name-prefix=a", { ...intoStore, danglingPrefix: "a" }],
  wrong("type=image,unpack=x", 'unpack is "x", want true or false'),
]);

table("O12 O14 O15 parseOutput() of the form of an image", parseOutput, [
  [
    "type=image,compression=zstd,compression-level=22,force-compression=true",
    { ...intoStore, compression: { type: "zstd", level: 22, force: true } },
  ],
  [
    "type=image,compression-level=0",
    { ...intoStore, compression: { type: "gzip", level: 0, force: false } },
  ],
  [
    "type=image,compression=uncompressed",
    { ...intoStore, compression: { type: "uncompressed", level: undefined, force: false } },
  ],
  ["type=image,oci-mediatypes=false", { ...intoStore, mediaTypes: "docker" }],
  [
    "type=image,rewrite-timestamp=true,source-date-epoch=0",
    { ...intoStore, rewriteTimestamp: true, epoch: 0 },
  ],
  ["type=image,prefer-nondist-layers=true", intoStore],
  wrong(
    "type=oci,compression=gzi",
    'compression is "gzi", want uncompressed, gzip, zstd, estargz; did you mean "gzip"?',
  ),
  wrong("type=oci,compression=estargz", "estargz is not supported; gzip and zstd are"),
  wrong("type=oci,compression-level=10", 'compression-level is "10", want a number from 0 to 9'),
  wrong(
    "type=oci,oci-mediatypes=false,compression=zstd",
    "oci-mediatypes=false: Docker's media types know no zstd",
  ),
  wrong(
    "type=oci,oci-mediatypes=false,annotation.a=b",
    "oci-mediatypes=false: Docker's manifests have no annotations",
  ),
]);

table("O16 parseOutput() of annotations", parseOutput, [
  ["type=image,annotation.a.b=c", { ...intoStore, annotations: [note] }],
  ["type=image,annotation-manifest.a.b=c", { ...intoStore, annotations: [note] }],
  [
    "type=image,annotation-manifest-descriptor[linux/arm64].a.b=c",
    {
      ...intoStore,
      annotations: [{ ...note, place: "manifest-descriptor", platform: arm }],
    },
  ],
  wrong(
    "type=oci,annotation-manifst.a=b",
    'no annotation is of type "manifst"; did you mean "manifest"?',
  ),
  wrong(
    "type=tar,annotation.a=b",
    'type=tar has no key "annotation.a"; type=tar takes type, dest, attestation-prefix, platform-split, source-date-epoch',
  ),
]);

table("F03 parseAnnotation()", parseAnnotation, [
  ["a.b=c", [note]],
  ["a=b:c=d", [{ ...note, key: "a", value: "b:c=d" }]],
  ["manifest:a.b=c", [note]],
  [
    "manifest[linux/arm64],manifest-descriptor:a.b=c",
    [
      { ...note, platform: arm },
      { ...note, place: "manifest-descriptor" },
    ],
  ],
  ["a", 'Cannot use --annotation "a": want KEY=VALUE'],
  ["=a", 'Cannot use --annotation "=a": want KEY=VALUE'],
  [
    "foo:a=b",
    'Cannot use --annotation "foo:a=b": no annotation is of type "foo"; the types are manifest, manifest-descriptor, index, index-descriptor',
  ],
  ["manifest[a//b]:a=b", 'Cannot use --annotation "manifest[a//b]:a=b": "a//b" is not a platform'],
  [
    "index,index-descriptor:a=b",
    ["index", "index-descriptor"].map((place) => ({ ...note, place, key: "a", value: "b" })),
  ],
]);
