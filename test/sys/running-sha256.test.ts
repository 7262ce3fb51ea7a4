import { assert } from "chai";
import fc from "fast-check";
import { createHash, randomBytes } from "node:crypto";
import { runningSha256 } from "../../src/sys/running-sha256.js";

describe("runningSha256()", () => {
  const bytes = randomBytes(1 << 20);

  it("is the SHA-256 of all pieces, hashed on this thread or not", async () => {
    const little = fc.integer({ min: 0, max: 300 });
    const size = fc.oneof(little, fc.integer({ min: 60_000, max: 300_000 }));
    await fc.assert(
      fc.asyncProperty(fc.array(size, { maxLength: 8 }), async (sizes) => {
        const expected = createHash("sha256");
        using hash = runningSha256();
        for (const [i, length] of sizes.entries()) {
          const piece = bytes.subarray(i, i + length);
          expected.update(piece);
          await hash.update(piece);
        }
        assert.strictEqual(hash.digest(), expected.digest("hex"));
      }),
    );
  });

  it("hashes several at the same time", async () => {
    const expected = createHash("sha256").update(bytes).digest("hex");
    const hashes = Array.from({ length: 6 }, () => runningSha256());
    await Promise.all(hashes.map((hash) => hash.update(bytes)));
    for (const hash of hashes) {
      assert.strictEqual(hash.digest(), expected);
      hash[Symbol.dispose]();
    }
  });
});
