import { assert } from "chai";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pack } from "tar-stream";
import { digestOf } from "../../src/oci/digest.js";
import { readImageArchive } from "../../src/output/read-archive.js";
import { failureOf } from "../oci/build-errors.js";
import { collect } from "../oci/bytes.js";

const platform = { os: "linux", architecture: "amd64" };
const layer = Buffer.from("the bytes of a layer");
const config = {
  ...platform,
  rootfs: { type: "layers", diff_ids: [`sha256:${"a".repeat(64)}`] },
};

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
});
