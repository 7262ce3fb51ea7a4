import { assert } from "chai";
import { formatAmount, formatBytes } from "../../src/progress/format.js";

describe("formatBytes()", () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, "0B"],
    [999, "999B"],
    [1000, "1kB"],
    [1500, "1.5kB"],
    [999_499, "999kB"],
    [999_999, "1MB"],
    [3_370_000, "3.37MB"],
    [12_345_678_901, "12.3GB"],
  ];
  for (const [bytes, text] of cases) {
    it(`writes ${bytes} as ${text}`, () => {
      assert.strictEqual(formatBytes(bytes), text);
    });
  }
});

describe("formatAmount()", () => {
  it("leaves an unknown total away", () => {
    assert.strictEqual(formatAmount(1000, undefined), "1kB");
  });
});
