import { assert } from "chai";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Content, FileEntry } from "../../src/oci/changeset.js";
import { readContent } from "../../src/oci/content.js";
import { ContentSpool, writeAt } from "../../src/oci/content-spool.js";
import { digestOf, hexOf } from "../../src/oci/digest.js";
import { collect } from "./bytes.js";
import { file } from "./entries.js";

describe("ContentSpool", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tsbuild-spool-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("keeps contents of every size, one after the other", async () => {
    const sizes = [1, 0, 700_000, 700_000, 1 << 20, 3_000_000, 5, (1 << 20) + 1, 300];
    const kept: { readonly bytes: Buffer; readonly content: Content }[] = [];
    {
      using spool = new ContentSpool(folder);
      for (const size of sizes) {
        const bytes = randomBytes(size);
        kept.push({ bytes, content: spool.add(bytes) });
      }
      assert.strictEqual(
        spool.size,
        sizes.reduce((sum, size) => sum + size),
      );
    }
    for (const { bytes, content } of kept) {
      const entry = { ...file("a"), size: bytes.length, content } as FileEntry;
      assert.isTrue((await collect(readContent(entry))).equals(bytes));
    }
    assert.lengthOf(readdirSync(folder), 1);
  });

  it("keeps what can be read only once, with its digest", async () => {
    const bytes = randomBytes(2_500_000);
    const entry = file("a", bytes) as FileEntry;
    let kept: FileEntry;
    {
      using spool = new ContentSpool(folder);
      kept = await spool.keep(entry);
    }
    assert.strictEqual(kept.sha256, hexOf(digestOf(bytes)));
    assert.isTrue((await collect(readContent(kept))).equals(bytes));
  });

  it("keeps nothing without a file", async () => {
    const empty = file("a", new Uint8Array()) as FileEntry;
    let kept: readonly FileEntry[];
    {
      using spool = new ContentSpool(folder);
      kept = [{ ...empty, content: spool.add(new Uint8Array()) }, await spool.keep(empty)];
    }
    assert.isEmpty(readdirSync(folder));
    for (const entry of kept) assert.isEmpty(await collect(readContent(entry)));
  });

  it("leaves room for what others write, between what it keeps itself", async () => {
    const contents: Content[] = [];
    {
      using spool = new ContentSpool(folder);
      contents.push(spool.add(Buffer.from("one")));
      const { path, fd, offset } = spool.reserve(5);
      contents.push({ kind: "file", path, offset }, spool.add(Buffer.from("three")));
      writeAt(fd, Buffer.from("two__"), offset);
      assert.strictEqual(spool.size, 13);
    }
    const texts = ["one", "two__", "three"];
    for (const [i, content] of contents.entries()) {
      const entry = { ...file("a"), size: texts[i]?.length, content } as FileEntry;
      assert.strictEqual((await collect(readContent(entry))).toString(), texts[i]);
    }
  });

  it("makes no file where there is nothing to keep", () => {
    new ContentSpool(folder)[Symbol.dispose]();
    assert.deepEqual(readdirSync(folder), []);
  });
});
