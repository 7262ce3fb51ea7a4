import { assert } from "chai";
import { MergedLayers } from "../../src/snapshotter/merged-layers.js";
import type { LayerChain, LayerId } from "../../src/snapshotter/snapshotter.js";

const chain = (length: number): LayerChain =>
  Array.from({ length }, (_, i) => `layer-${i}` as LayerId);

describe("MergedLayers", () => {
  it("merges once for many longer chains, and again when too much lies above", async () => {
    const merged: number[] = [];
    const layers = new MergedLayers((below) => {
      merged.push(below.length);
      return Promise.resolve(`merged-${below.length}`);
    });
    for (let length = 200; length < 500; length++) {
      const { bottom, above } = await layers.shorten(chain(length), 180);
      assert.isAtMost(above.length, 180);
      const below = Number(bottom.slice("merged-".length));
      assert.deepStrictEqual([...chain(below), ...above], chain(length));
    }
    assert.deepStrictEqual(merged, [136, 253, 370]);
  });

  it("merges other chains by themselves, and tries again what failed", async () => {
    let failures = 1;
    const layers = new MergedLayers((below) =>
      failures-- > 0 ? Promise.reject(new Error("no")) : Promise.resolve(below.join()),
    );
    const failed = await layers.shorten(chain(8), 2).catch((error: unknown) => error);
    assert.instanceOf(failed, Error);
    const first = await layers.shorten(chain(8), 2);
    const other = await layers.shorten(["other" as LayerId, ...chain(8)], 2);
    assert.strictEqual(first.bottom, chain(6).join());
    assert.strictEqual(other.bottom, `other,${chain(6).join()}`);
    assert.deepStrictEqual(other.above, first.above);
  });
});
