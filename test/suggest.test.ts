import { assert } from "chai";
import fc from "fast-check";
import { suggest } from "../src/suggest.js";

const words = ["FROM", "RUN", "COPY", "ENTRYPOINT", "ENV", "VOLUME"];

const cases = [
  { word: "FORM", want: "FROM" },
  { word: "RNU", want: "RUN" },
  { word: "copy", want: "COPY" },
  { word: "ENTRYPIONT", want: "ENTRYPOINT" },
  { word: "VOLUMES", want: "VOLUME" },
  { word: "EN", want: "ENV" },
  { word: "MOUNT", want: undefined },
  { word: "", want: undefined },
  { word: "X".repeat(100_000), want: undefined },
];

describe("suggest()", () => {
  for (const { word, want } of cases) {
    it(`P19: suggests ${want ?? "nothing"} for "${word.slice(0, 12)}"`, () => {
      assert.strictEqual(suggest(word, words), want);
    });
  }

  it("P19: finds a word that is there, whatever else is", () => {
    const word = fc.string({ minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(word, fc.array(word), (one, others) => {
        assert.strictEqual(suggest(one, [...others, one])?.toLowerCase(), one.toLowerCase());
      }),
    );
  });
});
