import { assert } from "chai";
import fc from "fast-check";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BuildError } from "../../../src/error.js";
import type { Entry } from "../../../src/oci/changeset.js";
import { writeLayerTar } from "../../../src/oci/layer-tar.js";
import { keepLayer, readKeptLayer } from "../../../src/snapshotter/erofs/keep-layer.js";
import { treeDigest } from "../../../src/snapshotter/tree-digest.js";
import { anyEntry } from "../../contracts/any-entry.js";
import { chunked, collect } from "../../oci/bytes.js";
import { directory, file } from "../../oci/entries.js";

describe("keepLayer()", () => {
  const folder = mkdtempSync(join(tmpdir(), "tsbuild-keep-layer-"));

  after(() => {
    rmSync(folder, { recursive: true });
  });

  async function keptAndRead(entries: readonly Entry[]): Promise<readonly string[]> {
    const layer = mkdtempSync(join(folder, "layer-"));
    const tar = await collect(writeLayerTar(entries));
    const kept = await outcome(async () => (await keepLayer(chunked(tar, 10_000), layer)).tree);
    const whole = `${layer}.tar`; // of one that is refused, not all is kept
    writeFileSync(whole, tar);
    return [kept, await outcome(() => treeDigest(readKeptLayer(whole)))];
  }

  async function outcome(result: () => Promise<string>): Promise<string> {
    try {
      return await result();
    } catch (error) {
      if (error instanceof BuildError) return error.message;
      throw error;
    }
  }

  /** More than may be in any order at the beginning. */
  function many(count: number): readonly Entry[] {
    return Array.from({ length: count }, (_, i) => file(`many/${1000 + i}`, `${i}`));
  }

  it("knows what a tar amounts to, wherever in it something is out of order", async () => {
    const odd = fc.array(anyEntry, { maxLength: 6 });
    const counts = fc.constantFrom(0, 240, 300);
    const property = fc.asyncProperty(odd, counts, odd, async (early, count, late) => {
      const entries = [...early, directory("many"), ...many(count), ...late, file("z", "last")];
      const [kept, read] = await keptAndRead(entries);
      assert.strictEqual(kept, read);
    });
    await fc.assert(property, { numRuns: 40 });
  });

  it("is the same for a root that comes late, as in mmdebstrap's tars", async () => {
    const [device, root] = [directory("dev"), directory("", { mode: 0o700 })];
    const rest = [directory("many"), ...many(300)];
    const [late] = await keptAndRead([device, root, ...rest]);
    const [first] = await keptAndRead([root, device, ...rest]);
    assert.strictEqual(late, first);
  });
});
