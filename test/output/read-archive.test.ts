import { assert } from "chai";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pack } from "tar-stream";
import { BuildError } from "../../src/error.js";
import { digestOf } from "../../src/oci/digest.js";
import { readImageArchive } from "../../src/output/read-archive.js";
import { failureOf } from "../oci/build-errors.js";
import { chunked, collect } from "../oci/bytes.js";

const platform = { os: "linux", architecture: "amd64" };
const layer = Buffer.from("the bytes of a layer");
const config = {
  ...platform,
  rootfs: { type: "layers", diff_ids: [`sha256:${"a".repeat(64)}`] },
};

interface Member {
  readonly name: string;
  readonly type?: "directory" | "symlink";
  readonly linkname?: string;
}

/** A docker archive whose layer lies in "blob.tar", as a link of that name leads to `target`. */
function archive(target: string): AsyncIterable<Uint8Array> {
  const tar = pack();
  tar.entry({ name: "id/layer.tar", type: "symlink", linkname: target });
  tar.entry({ name: "blob.tar" }, layer);
  tar.entry({ name: "config.json" }, JSON.stringify(config));
  const manifest = [{ Config: "config.json", RepoTags: ["a:1"], Layers: ["id/layer.tar"] }];
  tar.entry({ name: "manifest.json" }, JSON.stringify(manifest));
  tar.finalize();
  return tar as AsyncIterable<Uint8Array>;
}

describe("readImageArchive()", () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "tsbuild-archive-"));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it("reads a layer through a link that comes before it", async () => {
    const [image] = await readImageArchive(archive("../blob.tar"), directory, platform);
    const [descriptor] = image?.manifest.value.layers ?? [];
    if (image === undefined || descriptor === undefined) assert.fail("the image is not there");
    assert.strictEqual(descriptor.digest, digestOf(layer));
    assert.deepStrictEqual(await collect(image.open(descriptor)), layer);
  });

  for (const target of ["/etc/passwd", "../../outside", "../.."]) {
    it(`refuses a link to "${target}"`, async () => {
      const reading = readImageArchive(archive(target), directory, platform);
      const error = await failureOf(reading, "INVALID_ARCHIVE");
      assert.match(error.message, /^Cannot load images: the link "id\/layer.tar" leads out/);
    });
  }

  it("says that a layer is missing where a link leads nowhere", async () => {
    const reading = readImageArchive(archive("nowhere"), directory, platform);
    const error = await failureOf(reading, "INVALID_ARCHIVE");
    assert.strictEqual(error.message, "Cannot load images: a layer is missing");
  });

  const digest = `sha256:${"b".repeat(64)}`;
  const docker = (changes: object): string =>
    JSON.stringify([{ Config: "config.json", RepoTags: null, Layers: [], ...changes }]);
  const layout = (changes: object): string =>
    JSON.stringify({ schemaVersion: 2, manifests: [], ...changes });

  const hostile: readonly {
    readonly name: string;
    readonly members: Readonly<Record<string, string>>;
    readonly want: RegExp;
  }[] = [
    { name: "nothing", members: {}, want: /has neither index.json nor manifest.json$/ },
    { name: "something else", members: { "etc/passwd": "x" }, want: /has neither index.json/ },
    { name: "a name that climbs", members: { "../evil": "x" }, want: /"\.\.\/evil"/ },
    {
      name: "a name that climbs later",
      members: { "a/../../evil": "x" },
      want: /"a\/\.\.\/\.\.\/evil"/,
    },
    { name: "garbage for a manifest", members: { "manifest.json": "{{" }, want: /is malformed$/ },
    { name: "another shape", members: { "manifest.json": "{}" }, want: /is malformed$/ },
    { name: "entries of null", members: { "manifest.json": "[null]" }, want: /is malformed$/ },
    {
      name: "a config that is not a name",
      members: { "manifest.json": docker({ Config: 7 }) },
      want: /is malformed$/,
    },
    {
      name: "layers that are no names",
      members: { "manifest.json": docker({ Layers: [{}] }) },
      want: /is malformed$/,
    },
    {
      name: "a missing config",
      members: { "manifest.json": docker({}) },
      want: /"config.json" is missing$/,
    },
    {
      name: "a missing layer",
      members: { "manifest.json": docker({ Layers: ["no/layer.tar"] }), "config.json": "{}" },
      want: /a layer is missing$/,
    },
    {
      name: "a config outside",
      members: { "manifest.json": docker({ Config: "../../etc/passwd" }) },
      want: /"\.\.\/\.\.\/etc\/passwd" leads out of the archive$/,
    },
    {
      name: "a layer outside",
      members: { "manifest.json": docker({ Layers: ["/dev/zero"] }) },
      want: /"\/dev\/zero" leads out of the archive$/,
    },
    {
      name: "garbage for an index",
      members: { "index.json": "{{" },
      want: /^Cannot read image manifest: it is no/,
    },
    {
      name: "a layout without its manifest",
      members: {
        "oci-layout": JSON.stringify({ imageLayoutVersion: "1.0.0" }),
        "index.json": layout({
          manifests: [{ mediaType: "application/vnd.oci.image.manifest.v1+json", digest, size: 7 }],
        }),
      },
      want: new RegExp(digest),
    },
  ];
  for (const { name, members, want } of hostile) {
    it(`refuses an archive of ${name}`, async () => {
      const tar = pack();
      for (const [path, content] of Object.entries(members)) tar.entry({ name: path }, content);
      tar.finalize();
      const inside = join(directory, "inside");
      await mkdir(inside);
      const reading = readImageArchive(tar as AsyncIterable<Uint8Array>, inside, platform);
      const error = await reading.then(
        () => undefined,
        (cause: unknown) => cause,
      );
      assert.instanceOf(error, BuildError);
      assert.include(["INVALID_ARCHIVE", "INVALID_IMAGE"], error.code);
      assert.match(error.message, want);
      assert.deepStrictEqual(await readdir(directory), ["inside"]);
    });
  }

  for (const type of ["link", "fifo", "character-device"] as const) {
    it(`refuses a member that is a ${type}`, async () => {
      const tar = pack();
      tar.entry({ name: "first" }, "x");
      tar.entry({ name: "member", type, linkname: "first" });
      tar.finalize();
      const reading = readImageArchive(tar as AsyncIterable<Uint8Array>, directory, platform);
      const error = await failureOf(reading, "INVALID_ARCHIVE");
      assert.match(error.message, /^Cannot load images: "member" is a (hardlink|fifo|char), not/);
    });
  }

  const collisions: readonly (readonly [string, readonly Member[]])[] = [
    ["a file that comes twice", [{ name: "a" }, { name: "a" }]],
    ["a file below a file", [{ name: "a" }, { name: "a/b" }]],
    ["a directory in the place of a file", [{ name: "a" }, { name: "a", type: "directory" }]],
    ["a file in the place of a directory", [{ name: "a", type: "directory" }, { name: "a" }]],
    ["a link to where a file is", [{ name: "a" }, { name: "a", type: "symlink", linkname: "a" }]],
  ];
  for (const [name, members] of collisions) {
    it(`refuses ${name}`, async () => {
      const tar = pack();
      for (const header of members) {
        if (header.type === undefined) tar.entry(header, "x");
        else tar.entry(header);
      }
      tar.finalize();
      const reading = readImageArchive(tar as AsyncIterable<Uint8Array>, directory, platform);
      const error = await failureOf(reading, "INVALID_ARCHIVE");
      assert.match(error.message, /^Cannot load images: something else is in the place of "a/);
    });
  }

  it("refuses what is not a tar", async () => {
    const reading = readImageArchive(chunked(Buffer.alloc(4096, "no tar")), directory, platform);
    await failureOf(reading, "INVALID_ARCHIVE");
  });

  it("refuses an archive that ends early", async () => {
    const whole = await collect(archive("../blob.tar"));
    const cut = chunked(whole.subarray(0, 700));
    await failureOf(readImageArchive(cut, directory, platform), "INVALID_ARCHIVE");
  });
});
