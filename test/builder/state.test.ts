import { assert } from "chai";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { emptyState, type State } from "../../src/builder/state.js";
import { parseDigest } from "../../src/oci/digest.js";
import type { LayerId, TreeDigest } from "../../src/snapshotter/snapshotter.js";
import type { LayerRecord } from "../../src/store/layers.js";

function layer(index: number): LayerRecord {
  const hex = index.toString(16).padStart(64, "0");
  const [id, tree] = [`l${index}` as LayerId, hex as TreeDigest];
  const times = { createdAt: index, usedAt: index };
  return { id, diffId: parseDigest(`sha256:${hex}`), tree, size: 1, origin: "built", ...times };
}

function heapUsed(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}

describe("State", () => {
  it("tells the layers that were made upon a base, and what led to it", () => {
    const [first, second] = [layer(1), layer(2)];
    const one = emptyState.with(first, "RUN one");
    const two = one.with(second, "RUN two");
    assert.deepStrictEqual(two.made, [first, second]);
    assert.deepStrictEqual(one.with(layer(3), "RUN three").made, [first, layer(3)]);
    assert.deepStrictEqual(two.ancestry, [
      { key: two.key, title: "RUN two", parent: one.key },
      { key: one.key, title: "RUN one", parent: emptyState.key },
      emptyState.bottom,
    ]);
  });

  it("takes as much memory for each of many steps", () => {
    const layers = Array.from({ length: 4000 }, (_, i) => layer(i));
    const states: State[] = [emptyState];
    const before = heapUsed();
    for (const made of layers) states.push((states.at(-1) ?? emptyState).with(made, "WORKDIR /a"));
    const each = (heapUsed() - before) / layers.length;
    assert.isBelow(each, 2000); // a list of the layers below would be 16,000 on the average
    assert.lengthOf(states.at(-1)?.made ?? [], layers.length);
  });
});
