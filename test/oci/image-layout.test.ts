import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { assert } from "chai";
import { dockerArchiveFile, ociLayoutFiles } from "../../src/oci/archive-files.js";
import { mediaTypes } from "../../src/oci/descriptor.js";
import { blobPath, parseLayoutName, readImageLayout } from "../../src/oci/image-layout.js";
import { parsePlatform } from "../../src/oci/platform.js";
import { parseReference } from "../../src/oci/reference.js";
import { failureOf } from "./build-errors.js";
import { indexFor, makeImage, type SampleBlob, type SampleImage } from "./sample-image.js";

const amd64 = parsePlatform("linux/amd64");
const arm64 = parsePlatform("linux/arm64");
const digest = `sha256:${"0".repeat(64)}`;

describe("parseLayoutName()", () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ["oci-layout://dir", { path: "dir" }],
    ["dir", { path: "dir" }],
    ["oci-layout:///abs/dir:v1", { path: "/abs/dir", tag: "v1" }],
    [`oci-layout://a/b@${digest}`, { path: "a/b", digest }],
    [`oci-layout://a/b:v1@${digest}`, { path: "a/b", tag: "v1", digest }],
    ["oci-layout://a:b/c", { path: "a:b/c" }],
    ["oci-layout://a@b/c", { path: "a@b/c" }],
  ];
  for (const [given, want] of cases) {
    it(`reads "${given.slice(0, 40)}"`, () => {
      assert.deepEqual<unknown>(parseLayoutName(given), want);
    });
  }

  it("refuses one without a path, and one with half a digest", async () => {
    await failureOf(() => parseLayoutName("oci-layout://"), "INVALID_REFERENCE");
    await failureOf(() => parseLayoutName("oci-layout://a@sha256:12"), "INVALID_REFERENCE");
  });
});

describe("readImageLayout()", () => {
  let directory: string;
  const v1 = makeImage("one", amd64);
  const v2 = makeImage("two", amd64);
  const other = makeImage("three", arm64);

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "tsbuild-layout-"));
  });
  afterEach(() => rm(directory, { recursive: true }));

  async function write(
    images: readonly SampleImage[],
    files: readonly SampleBlob[] = [],
  ): Promise<void> {
    const blobs = [...images.flatMap(({ blobs }) => blobs), ...files];
    for (const { descriptor, bytes } of blobs) await save(blobPath(descriptor.digest), bytes);
  }

  async function save(path: string, bytes: Uint8Array): Promise<void> {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), bytes);
  }

  async function tagged(tags: Readonly<Record<string, SampleImage>>): Promise<void> {
    await write(Object.values(tags));
    const named = Object.entries(tags).map(([tag, { manifest }]) => ({
      names: tag === "" ? [] : [parseReference(`example.com/app:${tag}`)],
      root: manifest.descriptor,
    }));
    for (const { path, bytes } of ociLayoutFiles(named)) await save(path, bytes);
  }

  it("finds an image by its tag, by its digest, and as the only one", async () => {
    await tagged({ v1, v2 });
    const byTag = await readImageLayout({ path: directory, tag: "v2" }, amd64);
    assert.strictEqual(byTag.manifest.descriptor.digest, v2.manifest.descriptor.digest);
    const { digest } = v1.manifest.descriptor;
    const byDigest = await readImageLayout({ path: directory, digest }, amd64);
    assert.deepEqual(byDigest.config.value.config?.Labels, { name: "one" });
    await tagged({ v1 });
    const only = await readImageLayout({ path: directory }, amd64);
    assert.strictEqual(only.manifest.descriptor.digest, digest);
  });

  it("takes latest where no tag is given", async () => {
    await tagged({ v1, latest: v2 });
    const found = await readImageLayout({ path: directory }, amd64);
    assert.strictEqual(found.manifest.descriptor.digest, v2.manifest.descriptor.digest);
  });

  it("says which tags there are", async () => {
    await tagged({ v1, v2 });
    const error = await failureOf(readImageLayout({ path: directory }, amd64), "IMAGE_NOT_FOUND");
    assert.strictEqual(error.hint, "it holds v1, v2");
  });

  it("chooses the platform in a nested index", async () => {
    const index = indexFor([v1, other]);
    await write([v1, other], [index]);
    const [, file] = ociLayoutFiles([{ names: [parseReference("app")], root: index.descriptor }]);
    assert.isDefined(file);
    await save(file.path, file.bytes);
    const found = await readImageLayout({ path: directory }, arm64);
    assert.deepEqual(found.config.value.config?.Labels, { name: "three" });
    assert.strictEqual(found.root.descriptor.digest, index.descriptor.digest);
    const riscv = readImageLayout({ path: directory }, parsePlatform("linux/riscv64"));
    assert.strictEqual(
      (await failureOf(riscv, "PLATFORM")).hint,
      "it has linux/amd64, linux/arm64",
    );
  });

  it("reads index.json itself as the index of one image when nothing there has a tag", async () => {
    const index = indexFor([v1, other]);
    await write([v1, other]);
    await save("index.json", index.bytes);
    const found = await readImageLayout({ path: directory }, arm64);
    assert.deepEqual(found.config.value.config?.Labels, { name: "three" });
  });

  it("refuses a blob that is not what its name says", async () => {
    await tagged({ v1 });
    const [config] = v1.blobs;
    assert.isDefined(config);
    const lie = Buffer.from(config.bytes.toString().replace("one", "eno"));
    await save(blobPath(config.descriptor.digest), lie);
    await failureOf(readImageLayout({ path: directory }, amd64), "DIGEST_MISMATCH");
  });

  it("names what is missing", async () => {
    const empty = await failureOf(readImageLayout({ path: directory }, amd64), "IMAGE_NOT_FOUND");
    assert.include(empty.message, `Cannot read image layout "${directory}": it has no index.json`);
  });

  it("does not say that what it cannot read is missing", async () => {
    await mkdir(join(directory, "index.json"));
    const unread = await failureOf(readImageLayout({ path: directory }, amd64), "INVALID_IMAGE");
    assert.include(unread.message, `"${directory}": index.json: EISDIR`);
  });

  it("reads what skopeo writes, and writes what skopeo reads", async () => {
    await tagged({ v1 });
    const copy = join(directory, "copy");
    execFileSync("skopeo", ["copy", "-q", `oci:${directory}:v1`, `oci:${copy}:again`]);
    const found = await readImageLayout({ path: copy, tag: "again" }, amd64);
    assert.deepEqual(found.config.value.config?.Labels, { name: "one" });
    const layer = found.manifest.value.layers[0];
    assert.isDefined(layer);
    assert.strictEqual((await readFile(join(copy, blobPath(layer.digest)))).byteLength, layer.size);
  });
});

describe("ociLayoutFiles()", () => {
  it("lists an image once for each name", () => {
    const { manifest } = makeImage("app", amd64);
    const names = [parseReference("app:1"), parseReference(`ghcr.io/o/app@${digest}`)];
    const [version, index] = ociLayoutFiles([{ names, root: manifest.descriptor }]);
    assert.strictEqual(String(version?.bytes), '{"imageLayoutVersion":"1.0.0"}');
    assert.deepEqual<unknown>(JSON.parse(String(index?.bytes)), {
      schemaVersion: 2,
      mediaType: mediaTypes.index,
      manifests: [
        {
          ...manifest.descriptor,
          annotations: {
            "io.containerd.image.name": "docker.io/library/app:1",
            "org.opencontainers.image.ref.name": "1",
          },
        },
        {
          ...manifest.descriptor,
          annotations: { "io.containerd.image.name": `ghcr.io/o/app@${digest}` },
        },
      ],
    });
  });
});

describe("dockerArchiveFile()", () => {
  it("names images as docker load expects it, digests left out", () => {
    const { config, layer } = makeImage("app", amd64);
    const names = ["web", "ghcr.io/o/app:2", `b:3@${digest}`, `c@${digest}`].map(parseReference);
    const layers = [layer.descriptor.digest];
    const file = dockerArchiveFile([{ names, config: config.descriptor.digest, layers }]);
    assert.strictEqual(file.path, "manifest.json");
    assert.deepEqual<unknown>(JSON.parse(String(file.bytes)), [
      {
        Config: blobPath(config.descriptor.digest),
        RepoTags: ["web:latest", "ghcr.io/o/app:2", "b:3"],
        Layers: [blobPath(layer.descriptor.digest)],
      },
    ]);
  });
});
