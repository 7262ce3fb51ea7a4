import { assert } from "chai";
import { readContent } from "../../src/oci/content.js";
import { readTarRuns } from "../../src/oci/tar-reader.js";
import { chunked, collect } from "./bytes.js";
import { tar } from "./tar-members.js";

const big = Buffer.alloc(100_000, "big ");
const whole = tar(
  ...Array.from({ length: 100 }, (_, i) => ({ name: `./a/${i}`, body: `${i}` })),
  { name: "big", body: big },
  { name: "./b//../c/", type: "5" },
);

describe("readTarRuns()", () => {
  for (const length of [1, 700, 60_000, 110_000, whole.byteLength]) {
    it(`gives every member of a tar that comes in pieces of ${length}, with its content`, async () => {
      const contents: [string, string][] = [];
      for await (const run of readTarRuns(chunked(whole, length))) {
        for (const { path, content, header } of run) {
          const bytes = await collect(readContent({ path, content, size: header.size }));
          contents.push([path, bytes.toString()]);
        }
      }
      assert.deepStrictEqual(contents, [
        ...Array.from({ length: 100 }, (_, i) => [`a/${i}`, `${i}`]),
        ["big", big.toString()],
        ["c", ""],
      ]);
    });

    it(`goes past what nobody read of one in pieces of ${length}`, async () => {
      const names: string[] = [];
      for await (const run of readTarRuns(chunked(whole, length)))
        names.push(...run.map(({ path }) => path));
      assert.lengthOf(names, 102);
      assert.deepStrictEqual(names.slice(-2), ["big", "c"]);
    });
  }

  it("gives what came together at once", async () => {
    const runs: number[] = [];
    for await (const run of readTarRuns(chunked(whole, whole.byteLength))) runs.push(run.length);
    assert.deepStrictEqual(runs, [64, 38]);
  });
});
