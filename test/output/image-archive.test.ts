import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { decompressed } from "../../src/oci/compression.js";
import { readContent } from "../../src/oci/content.js";
import { mediaTypes } from "../../src/oci/descriptor.js";
import { readLayerTar } from "../../src/oci/layer-tar.js";
import { parseReference } from "../../src/oci/reference.js";
import { writeImageArchive, type ArchiveKind } from "../../src/output/image-archive.js";
import type { ArchivedImage } from "../../src/output/archived-image.js";
import { readImageArchive } from "../../src/output/read-archive.js";
import { packStoredImage, readStoredImage } from "../../src/output/stored-image.js";
import type { ImageRecord } from "../../src/store/image-record.js";
import { asGzip, asTar, type LayerCompression } from "../../src/store/layer-bytes.js";
import type { Store } from "../../src/store/store.js";
import { chunked, collect } from "../oci/bytes.js";
import { oneFile, temporaryStore } from "../store/fixture.js";
import { storeImage } from "./store-image.js";

const platform = { os: "linux", architecture: "amd64" };
const never = new AbortController().signal;

interface Wanted {
  readonly record: ImageRecord;
  readonly names: readonly string[];
}

/** An archive of images of the store. */
async function archive(
  store: Store,
  images: readonly Wanted[],
  kind: ArchiveKind,
  compression: LayerCompression = asGzip,
): Promise<Buffer> {
  const options = { compression, signal: never };
  const named = await Promise.all(
    images.map(async ({ record, names }) => ({
      packed: await packStoredImage(store, record, options),
      names: names.map(parseReference),
    })),
  );
  return await collect(writeImageArchive(named, kind));
}

/** The content of the one file in each layer. */
async function contents(image: ArchivedImage | undefined): Promise<readonly string[]> {
  if (image === undefined) throw new Error("the archive has fewer images");
  const found: string[] = [];
  for (const layer of image.manifest.value.layers) {
    for await (const entry of readLayerTar(decompressed(image.open(layer)))) {
      if (entry.type === "file") found.push((await collect(readContent(entry))).toString("utf8"));
    }
  }
  return found;
}

describe("an image archive", () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "tsbuild-archive-"));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  for (const kind of ["oci", "docker"] as const) {
    for (const compression of [asTar, asGzip]) {
      it(`is read back as it was written: ${kind}, compression ${compression.type}`, async () => {
        await using store = await temporaryStore();
        const config = { Env: ["A=1"], Cmd: ["run"] };
        const record = await storeImage(store, [oneFile("one"), oneFile("two")], { config });
        const wanted = [{ record, names: ["web", "example.com/web:1"] }];
        const bytes = await archive(store, wanted, kind, compression);
        const images = await readImageArchive(chunked(bytes), directory, platform);
        assert.lengthOf(images, 1);
        const [image] = images;
        assert.deepStrictEqual(image?.names, ["docker.io/library/web:latest", "example.com/web:1"]);
        assert.strictEqual(image?.config.descriptor.digest, record.id);
        assert.deepStrictEqual(image?.config.value.config, config);
        assert.deepStrictEqual(await contents(image), ["one", "two"]);
        const type = compression === asTar ? mediaTypes.layer : mediaTypes.layerGzip;
        const { layers } = image?.manifest.value ?? { layers: [] };
        assert.deepStrictEqual([...new Set(layers.map(({ mediaType }) => mediaType))], [type]);
      });
    }

    it(`holds layers that images share once: ${kind}`, async () => {
      await using store = await temporaryStore();
      const shared = oneFile("shared");
      const a = await storeImage(store, [shared, oneFile("a")]);
      const b = await storeImage(store, [shared, oneFile("b"), shared]);
      const bytes = await archive(
        store,
        [
          { record: a, names: ["a"] },
          { record: b, names: [] },
        ],
        kind,
      );
      await writeFile(join(directory, "archive.tar"), bytes);
      const listing = execFileSync("tar", ["-tf", join(directory, "archive.tar")], {
        encoding: "utf8",
      });
      const members = listing.trim().split("\n");
      assert.sameMembers(members, [...new Set(members)]);
      // two configs, two manifests, three layers
      assert.lengthOf(
        members.filter((name) => /^blobs\/sha256\/./.test(name)),
        7,
      );
      const inside = join(directory, "members");
      await mkdir(inside);
      const images = await readImageArchive(chunked(bytes), inside, platform);
      assert.deepStrictEqual(
        images.map(({ names }) => names),
        [["docker.io/library/a:latest"], []],
      );
      assert.deepStrictEqual(await contents(images[0]), ["shared", "a"]);
      assert.deepStrictEqual(await contents(images[1]), ["shared", "b", "shared"]);
    });
  }

  it("is the same, byte for byte, each time", async () => {
    await using store = await temporaryStore();
    const wanted = [{ record: await storeImage(store, [oneFile("one")]), names: ["web"] }];
    const [a, b] = [await archive(store, wanted, "docker"), await archive(store, wanted, "docker")];
    assert.isTrue(a.equals(b));
  });

  it("may be compressed as a whole", async () => {
    await using store = await temporaryStore();
    const record = await storeImage(store, [oneFile("one")]);
    const bytes = gzipSync(await archive(store, [{ record, names: ["web"] }], "docker"));
    const [image] = await readImageArchive(chunked(bytes), directory, platform);
    assert.deepStrictEqual(await contents(image), ["one"]);
  });

  const ways: readonly (readonly [ArchiveKind, string, (tar: string) => string])[] = [
    ["oci", "docker-archive", (tar) => `oci-archive:${tar}:latest`],
    ["docker", "docker-archive", (tar) => `docker-archive:${tar}`],
    ["docker", "oci-archive", (tar) => `docker-archive:${tar}`],
  ];
  for (const [kind, transport, source] of ways) {
    it(`of kind ${kind} is understood by skopeo, and its ${transport} by us`, async () => {
      await using store = await temporaryStore();
      const record = await storeImage(store, [oneFile("one"), oneFile("two"), oneFile("one")]);
      const tar = join(directory, "ours.tar");
      await writeFile(tar, await archive(store, [{ record, names: ["web"] }], kind));
      const theirs = join(directory, "theirs.tar");
      const target = `${transport}:${theirs}:example.com/web:1`;
      execFileSync("skopeo", ["--insecure-policy", "copy", "-q", source(tar), target]);
      const inside = join(directory, "members");
      await mkdir(inside);
      const images = await readImageArchive(createReadStream(theirs), inside, platform);
      assert.lengthOf(images, 1);
      assert.deepStrictEqual(images[0]?.names, ["example.com/web:1"]);
      assert.deepStrictEqual(await contents(images[0]), ["one", "two", "one"]);
      const { diff_ids } = images[0]?.config.value.rootfs ?? {};
      const stored = await readStoredImage(store, record);
      assert.deepStrictEqual(diff_ids, stored.config.value.rootfs.diff_ids);
    });
  }
});
