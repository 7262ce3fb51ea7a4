import { assert } from "chai";
import { sortedRecord } from "../../src/plan/sorted-record.js";

describe("sortedRecord()", () => {
  it("gives the same JSON in whatever order the entries come", () => {
    const entries = Object.entries({ b: 1, B: 2, "10": 3, "9": 4, "a/tcp": 5 });
    const want = '{"9":4,"10":3,"B":2,"a/tcp":5,"b":1}';
    assert.strictEqual(JSON.stringify(sortedRecord(entries)), want);
    assert.strictEqual(JSON.stringify(sortedRecord(entries.toReversed())), want);
  });

  it("takes the last of several values of a key", () => {
    const entries = [
      ["a", 1],
      ["a", 2],
    ] as const;
    assert.deepStrictEqual(sortedRecord(entries), { a: 2 });
  });
});
