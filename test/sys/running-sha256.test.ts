import { assert } from "chai";
import fc from "fast-check";
import { createHash, randomBytes } from "node:crypto";
import { OwnSha256, runningSha256 } from "../../src/sys/running-sha256.js";

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
          using hash = start();
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
    for (const hash of hashes) {
      assert.strictEqual(hash.digest(), expected);
      hash[Symbol.dispose]();
    }
  });
});
