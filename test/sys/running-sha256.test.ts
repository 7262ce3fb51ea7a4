import { assert } from "chai";
import fc from "fast-check";
import { createHash, randomBytes } from "node:crypto";
import { OwnSha256, resumedSha256, runningSha256 } from "../../src/sys/running-sha256.js";

describe("runningSha256()", () => {
  const bytes = randomBytes(1 << 20);
  const kinds = [
    { where: "on this thread or not", start: runningSha256 },
    { where: "by a node that does not show its OpenSSL", start: () => new OwnSha256() },
  ];

  for (const { where, start } of kinds) {
    it(`is the SHA-256 of all pieces, hashed ${where}`, async () => {
      const little = fc.integer({ min: 0, max: 300 });
      const size = fc.oneof(little, fc.integer({ min: 60_000, max: 300_000 }));
      await fc.assert(
        fc.asyncProperty(fc.array(size, { maxLength: 8 }), async (sizes) => {
          const expected = createHash("sha256");
          const hash = start();
          for (const [i, length] of sizes.entries()) {
            const piece = bytes.subarray(i, i + length);
            expected.update(piece);
            await hash.update(piece);
          }
          assert.strictEqual(hash.digest(), expected.digest("hex"));
        }),
      );
    });
  }

  it("hashes several at the same time", async () => {
    const expected = createHash("sha256").update(bytes).digest("hex");
    const hashes = Array.from({ length: 6 }, () => runningSha256());
    await Promise.all(hashes.map((hash) => hash.update(bytes)));
    for (const hash of hashes) assert.strictEqual(hash.digest(), expected);
  });

  it("goes on from where another one was", async () => {
    const blocks = fc.integer({ min: 0, max: 3000 });
    const rest = fc.integer({ min: 0, max: 200_000 });
    await fc.assert(
      fc.asyncProperty(blocks, rest, async (before, behind) => {
        const [start, end] = [64 * before, 64 * before + behind];
        const first = runningSha256();
        await first.update(bytes.subarray(0, start));
        const state = first.state();
        assert(state !== undefined);
        await first.update(bytes.subarray(start, end)); // must not change the state
        const second = resumedSha256(state);
        await second?.update(bytes.subarray(start, end));
        const expected = createHash("sha256").update(bytes.subarray(0, end)).digest("hex");
        assert.deepStrictEqual([first.digest(), second?.digest()], [expected, expected]);
      }),
    );
  });

  it("goes on behind more bytes than 32 bits can count", async () => {
    const state = runningSha256().state();
    const hashOf = async (size: number): Promise<string | undefined> => {
      const hash = state && resumedSha256({ ...state, size });
      await hash?.update(bytes.subarray(0, 100));
      return hash?.digest();
    };
    const sizes = [0, 2 ** 29, 2 ** 32, 2 ** 40];
    const digests = await Promise.all(sizes.map(hashOf));
    assert.strictEqual(
      digests[0],
      createHash("sha256").update(bytes.subarray(0, 100)).digest("hex"),
    );
    assert.strictEqual(new Set(digests).size, sizes.length); // the length is part of what is hashed
  });

  it("tells no state within a block, or where it is not shown", async () => {
    const hash = runningSha256();
    await hash.update(bytes.subarray(0, 65));
    assert.isUndefined(hash.state());
    assert.isUndefined(new OwnSha256().state());
  });
});
