import { assert } from "chai";
import { readOptions } from "../../bench/options.js";
import { linesOf } from "../../bench/report.js";
import { median } from "../../bench/statistics.js";
import { workloads } from "../../bench/workloads/all.js";

describe("median()", () => {
  it("is the middle, or the mean of the two in the middle", () => {
    assert.strictEqual(median([10, 9, 1]), 9);
    assert.strictEqual(median([10, 2, 1, 4]), 3);
  });
});

describe("linesOf()", () => {
  it("divides our median by each peer's", () => {
    const [workload] = workloads;
    if (workload === undefined) throw new Error("there are workloads");
    const text = linesOf({
      workload,
      measured: [
        { builder: "tsbuild", seconds: [1, 3, 2], peakMemory: 123_000_000 },
        { builder: "peer", seconds: [4, 4, 8], peakMemory: undefined },
      ],
    });
    assert.match(text, /tsbuild +2\.000 s +1\.000 s +123 MB\n/);
    assert.match(text, /peer +4\.000 s +4\.000 s +0\.50$/);
  });
});

describe("readOptions()", () => {
  it("measures everything five times by default", () => {
    const { turns, only, peers } = readOptions([]) ?? {};
    assert.deepStrictEqual({ turns, only, peers }, { turns: 5, only: [], peers: undefined });
  });

  it("tells no peers from those that are installed", () => {
    assert.deepStrictEqual(readOptions(["--peers", ""])?.peers, []);
  });

  it("refuses turns that are no number", () => {
    assert.throws(() => readOptions(["--turns", "some"]), 'Cannot take "some" turns');
  });
});
