import { assert } from "chai";
import fc from "fast-check";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toBytePath } from "../../../src/oci/changeset.js";
import { indexFiles } from "../../../src/snapshotter/erofs/index-files.js";
import { LayerIndex } from "../../../src/snapshotter/erofs/layer-index.js";
import { writeIndex } from "../../../src/snapshotter/erofs/write-index.js";
import { file } from "../../oci/entries.js";

describe("indexFiles()", () => {
  const layer = mkdtempSync(join(tmpdir(), "tsbuild-index-files-"));

  after(() => {
    rmSync(layer, { recursive: true });
  });

  const anyName = fc
    .oneof(
      fc
        .constantFrom("a", "b", "-", "é", "ÿ")
        .chain((letter) => fc.integer({ min: 1, max: 100 }).map((length) => letter.repeat(length))),
      fc.string({ minLength: 1, maxLength: 12 }),
    )
    .map((name) => toBytePath(name.replaceAll(/[/\0]/g, "x")))
    .filter((name) => ![".", ".."].includes(name));

  it("finds each name in a directory of any size, and no other", () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyName, { maxLength: 300, size: "max" }), (names) => {
        const [there, missing] = [
          names.filter((_, i) => i % 3 > 0),
          names.filter((_, i) => i % 3 === 0),
        ];
        const index = new LayerIndex();
        for (const path of there.sort())
          index.add({ ...file("f"), path }, { offset: 0, sha256: undefined });
        rmSync(join(layer, "layer.erofs"), { force: true });
        writeIndex(layer, index, 512);
        const root = indexFiles(layer);
        for (const name of there) assert.strictEqual(root.child(name)?.kind, "other", name);
        for (const name of missing) assert.isUndefined(root.child(name), name);
        assert.sameMembers([...root.names()], there);
        for (const name of there) assert.strictEqual(root.child(name)?.kind, "other", name);
      }),
      { numRuns: 60 },
    );
  });
});
