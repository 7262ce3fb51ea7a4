import { assert } from "chai";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BytePath } from "../../src/oci/changeset.js";
import { ConfinedRoot } from "../../src/snapshotter/confined-root.js";
import { FileStat } from "../../src/sys/file-stat.js";

class CountedStat extends FileStat {
  count = 0;

  override lstat(path: string, directoryFd?: number): boolean {
    this.count++;
    return super.lstat(path, directoryFd);
  }
}

describe("ConfinedRoot", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "tsbuild-confined-"));
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  const make = (host: BytePath): void => {
    mkdirSync(host);
  };

  it("looks at each directory once, however deep, and at none again on the way back", () => {
    const stat = new CountedStat();
    const confined = new ConfinedRoot(root, make, stat);
    const depths = Array.from({ length: 100 }, (_, i) => "d/".repeat(i));
    for (const above of [...depths, ...depths.toReversed()]) {
      const path = `${above}file` as BytePath;
      assert.strictEqual(confined.locate(path), join(root, path));
    }
    assert.strictEqual(stat.count, depths.length - 1);
  });

  it("looks again after something was taken away", () => {
    const stat = new CountedStat();
    const confined = new ConfinedRoot(root, make, stat);
    confined.locate("a/b/file" as BytePath);
    confined.forget();
    confined.locate("a/b/file" as BytePath);
    assert.strictEqual(stat.count, 4);
  });

  it("knows paths that are not in their shortest form", () => {
    const confined = new ConfinedRoot(root, make);
    const places = ["a/b/../f", "a//f", "/a/./f", "../../a/f"].map((path) =>
      confined.locate(path as BytePath),
    );
    assert.deepStrictEqual([...new Set(places)], [join(root, "a/f")]);
  });
});
