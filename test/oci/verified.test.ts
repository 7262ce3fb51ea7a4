import { assert } from "chai";
import { digestOf } from "../../src/oci/digest.js";
import { verified, verifiedBytes } from "../../src/oci/verified.js";
import { failureOf } from "./build-errors.js";
import { chunked, collect } from "./bytes.js";

const bytes = Buffer.from("some bytes");
const want = { digest: digestOf(bytes), size: bytes.byteLength };

describe("verified()", () => {
  it("passes on what its descriptor names", async () => {
    assert.deepStrictEqual(await collect(verified(chunked(bytes, 3), want)), bytes);
  });

  it("refuses other bytes of the same length", async () => {
    const other = Buffer.from("SOME bytes");
    const error = await failureOf(verifiedBytes(chunked(other), want), "DIGEST_MISMATCH");
    assert.include(error.message, `Cannot accept blob ${want.digest}: got ${digestOf(other)}`);
  });

  it("refuses a stream that ends early", async () => {
    const error = await failureOf(
      verifiedBytes(chunked(bytes.subarray(4)), want),
      "DIGEST_MISMATCH",
    );
    assert.include(error.message, "only 6 of 10 bytes");
  });

  it("stops reading where the promised size ends", async () => {
    let read = 0;
    // eslint-disable-next-line @typescript-eslint/require-await -- a stream without end
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) yield bytes.subarray(0, ++read && 4);
    }
    await failureOf(verifiedBytes(endless(), want), "DIGEST_MISMATCH");
    assert.strictEqual(read, 3);
  });
});
