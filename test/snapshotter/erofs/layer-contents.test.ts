import { assert } from "chai";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Entry, FileEntry } from "../../../src/oci/changeset.js";
import { contentDigest, readContent } from "../../../src/oci/content.js";
import { layerContents } from "../../../src/snapshotter/erofs/layer-contents.js";
import { writeLayer } from "../../../src/snapshotter/erofs/write-layer.js";
import { collect } from "../../oci/bytes.js";
import { directory, fifo, file, hardlink, symlink } from "../../oci/entries.js";

describe("layerContents()", () => {
  const folder = mkdtempSync(join(tmpdir(), "tsbuild-contents-"));
  let count = 0;

  after(() => {
    rmSync(folder, { recursive: true });
  });

  async function layerOf(entries: readonly Entry[]): Promise<string> {
    const layer = join(folder, `${++count}`);
    mkdirSync(layer);
    await writeLayer(entries, layer);
    return layer;
  }

  async function assertAllFound(entries: readonly Entry[]): Promise<void> {
    const find = layerContents(await layerOf(entries));
    for (const entry of entries) {
      if (entry.type !== "file" || entry.size === 0) continue;
      const content = find(await contentDigest(entry), entry.size);
      assert(content !== undefined, entry.path);
      const found: FileEntry = { ...entry, content };
      assert.deepEqual(await collect(readContent(found)), await collect(readContent(entry)));
    }
  }

  it("finds the content of each file, whatever lies between", async () => {
    const xattrs = new Map([["user.x", Buffer.alloc(700, "x")]]);
    const links = Array.from({ length: 40 }, (_, i) =>
      symlink(`c/link-${10 + i}`, "t".repeat(7 * i + 1)),
    );
    await assertAllFound([
      directory("a", { xattrs }),
      file("a/attributes", "with attributes", { xattrs }),
      file("a/empty"),
      file("a/same", "with attributes"),
      hardlink("b", "a/same"),
      directory("c"),
      fifo("c/fifo"),
      ...links.flatMap((link, i) => [link, file(`${link.path}-file`, `file ${i}`)]),
      file("large", Buffer.alloc(3_000_000, "large")),
      file("small", "s"),
    ]);
  });

  it("finds each in an index that is larger than what is read of it at once", async () => {
    const xattrs = new Map([["user.x", Buffer.alloc(600, "x")]]);
    const many = Array.from({ length: 4000 }, (_, i) =>
      file(`file-${10_000 + i}`, `${i}`, { xattrs }),
    );
    await assertAllFound(many);
  });

  it("finds each of many, of which many are the same", async () => {
    const files = Array.from({ length: 400 }, (_, i) => file(`file-${1000 + i}`, `${i % 150}`));
    await assertAllFound(files);
  });

  it("finds all that is left where files came and went, also many of them", async () => {
    const files = Array.from({ length: 900 }, (_, i) => file(`file-${1000 + i}`, `${i}`));
    const find = layerContents(await layerOf(files));
    const asked = [
      ...files.slice(3, 200),
      file("new", "new"),
      ...files.slice(201, 300),
      ...Array.from({ length: 150 }, (_, i) => file("new", `new ${i}`)), // no longer few
      ...files.slice(600).reverse(),
    ];
    for (const entry of asked) {
      assert(entry.type === "file");
      const found = find(await contentDigest(entry), entry.size);
      assert.strictEqual(found !== undefined, entry.path !== "new", entry.path);
    }
  });

  it("finds at once what comes behind those that nobody asks for", async () => {
    const files = Array.from({ length: 90 }, (_, i) => file(`file-${10 + i}`, `${i}`));
    const find = layerContents(await layerOf(files), 64);
    for (const [i, entry] of files.slice(60).entries()) {
      assert(entry.type === "file");
      const found = find(await contentDigest(entry), entry.size);
      assert.strictEqual(found !== undefined, i >= 4, entry.path); // of the few before them none is found
    }
  });

  it("finds nothing that the layer does not hold, nor what has another size", async () => {
    const held = file("a", "held");
    const find = layerContents(await layerOf([held, file("b")]));
    const other = file("a", "other");
    assert(held.type === "file" && other.type === "file");
    assert.isUndefined(find(await contentDigest(other), other.size));
    assert.isUndefined(find(await contentDigest(held), held.size + 1));
    assert.isUndefined(layerContents(await layerOf([]))(await contentDigest(held), held.size));
  });
});
