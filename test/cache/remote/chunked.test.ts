import { assert } from "chai";
import fc from "fast-check";
import { chunked, usualSizes } from "../../../src/cache/remote/chunked.js";
import { digestOf } from "../../../src/oci/digest.js";
import { streamOf } from "../../store/fixture.js";
import { noise } from "./noise.js";

const small = { least: 100, most: 1000, bits: 8 };

async function chunksOf(bytes: Uint8Array, piece = 1000, sizes = small) {
  const chunks: Uint8Array[] = [];
  for await (const chunk of chunked(streamOf(bytes, piece), sizes)) chunks.push(chunk);
  return chunks;
}

describe("chunked()", () => {
  it("gives all bytes in chunks of the sizes that were asked for, however they come", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(20_000),
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1, max: 5000 }),
        async (length, first, second) => {
          const bytes = noise(length);
          const chunks = await chunksOf(bytes, first);
          assert.deepStrictEqual(Buffer.concat(chunks), bytes);
          assert.deepStrictEqual(await chunksOf(bytes, second), chunks);
          for (const { byteLength } of chunks) assert.isAtMost(byteLength, small.most);
          for (const { byteLength } of chunks.slice(0, -1))
            assert.isAtLeast(byteLength, small.least);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("cuts what is the same in the same way, whatever stands before and behind it", async () => {
    const bytes = noise(100_000);
    const digests = new Set((await chunksOf(bytes)).map(digestOf));
    assert.isAbove(digests.size, 200);
    const edits = [
      Buffer.concat([noise(7, 2), bytes]),
      Buffer.concat([bytes.subarray(0, 50_000), noise(333, 2), bytes.subarray(50_000)]),
      Buffer.concat([bytes.subarray(0, 50_000), bytes.subarray(50_100)]),
    ];
    for (const edited of edits) {
      const fresh = (await chunksOf(edited)).map(digestOf).filter((one) => !digests.has(one));
      assert.isAtMost(fresh.length, 5);
    }
  });

  it("is a format: the same bytes are cut at the same places by every version", async () => {
    const bytes = noise(1 << 23);
    const lengths = (await chunksOf(bytes, 1 << 20, usualSizes)).map((chunk) => chunk.byteLength);
    assert.deepStrictEqual(lengths, [1_692_555, 2_356_240, 2_809_682, 1_033_179, 496_952]);
  });

  it("ends chunks of nothing but zeros at the greatest size", async () => {
    const lengths = (await chunksOf(Buffer.alloc(2500))).map(({ byteLength }) => byteLength);
    assert.deepStrictEqual(lengths, [1000, 1000, 500]);
  });
});
