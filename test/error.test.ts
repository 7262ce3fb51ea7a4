import { assert } from "chai";
import fc from "fast-check";
import { lineOf } from "../src/error.js";

describe("lineOf()", () => {
  it("counts line feeds, in whatever order it is asked", () => {
    const text = fc.array(fc.constantFrom("\n", "a", "\r\n")).map((parts) => parts.join(""));
    const property = fc.property(text, fc.array(fc.nat(60)), (written, starts) => {
      const source = { name: "Dockerfile", text: written };
      for (const start of starts) {
        const before = written.slice(0, start).split("\n").length;
        assert.strictEqual(lineOf({ source, start, end: start }), before);
      }
    });
    fc.assert(property);
  });

  /** Would outlast the test's timeout if each counted from the top. */
  it("ends for a finding on each of very many lines", () => {
    const many = 300_000;
    const source = { name: "Dockerfile", text: "x\n".repeat(many) };
    let last = 0;
    for (let i = 0; i < many; i++) last = lineOf({ source, start: 2 * i, end: 2 * i });
    assert.strictEqual(last, many);
  });
});
