import { assert } from "chai";
import { setImmediate } from "node:timers/promises";
import { DirectoriesAhead } from "../../src/context/directories-ahead.js";
import { toBytePath, type BytePath } from "../../src/oci/changeset.js";
import { clockThatJumps } from "./clock-that-jumps.js";

const paths = Array.from({ length: 20 }, (_, i) => toBytePath(`d${i}`));
const noNames = (): readonly BytePath[] => [];

describe("directories ahead of a walk", () => {
  it("are left alone where listing them is quick", async () => {
    const touched = await walk(0, ["d0", "d1", "d2"]);
    assert.deepStrictEqual(touched, []);
  });

  it("are listed behind one that was slow, each once, also where that fails", async () => {
    const touched = await walk(1, ["d0", "d1", "d2"]);
    assert.deepStrictEqual(touched, paths.slice(2));
  });

  it("are those below a directory before its neighbours", async () => {
    const touched = await walk(1, ["d0", "d0/a"], ["d0/a", "d0/b"]);
    assert.deepStrictEqual(touched, ["d0/b", ...paths.slice(1)]);
  });

  it("are no longer under way when the walk is over", async () => {
    using _clock = clockThatJumps(1);
    let [begun, ended] = [0, 0];
    {
      await using ahead = new DirectoriesAhead(async () => {
        begun++;
        await setImmediate();
        ended++;
      });
      ahead.foresee(paths);
      for (const path of paths.slice(0, 2)) ahead.list(path, noNames);
    }
    assert.isAbove(begun, 0);
    assert.isBelow(begun, paths.length);
    assert.strictEqual(ended, begun);
  });
});

/** What was touched when those were listed, each of which took so many milliseconds; the first has these below it. */
async function walk(
  milliseconds: number,
  listed: readonly string[],
  below: readonly string[] = [],
): Promise<readonly string[]> {
  using _clock = clockThatJumps(milliseconds);
  const touched: string[] = [];
  await using ahead = new DirectoriesAhead((path) => {
    touched.push(path);
    return touched.length % 3 === 0 ? Promise.reject(new Error("gone")) : Promise.resolve();
  });
  ahead.foresee(paths);
  for (const [i, path] of listed.entries()) {
    ahead.list(toBytePath(path), noNames);
    if (i === 0) ahead.foresee(below.map(toBytePath));
  }
  for (let i = 0; i < 50; i++) await setImmediate();
  return touched;
}
