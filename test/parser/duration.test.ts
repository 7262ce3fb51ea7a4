import { assert } from "chai";
import { parseDuration } from "../../src/parser/duration.js";

const cases = [
  { text: "0", want: 0 },
  { text: "-0", want: 0 },
  { text: "0s", want: 0 },
  { text: "5s", want: 5e9 },
  { text: "1h2m3.5s", want: 3_723_500_000_000 },
  { text: "+1.5ms", want: 1_500_000 },
  { text: ".5s", want: 500_000_000 },
  { text: "1.s", want: 1e9 },
  { text: "1us", want: 1000 },
  { text: "1\u00b5s1\u03bcs", want: 2000 },
  { text: "-1s", want: -1e9 },
  { text: "1.7ns", want: 1 },
  { text: "", want: undefined },
  { text: "5", want: undefined },
  { text: "s", want: undefined },
  { text: ".s", want: undefined },
  { text: "5 s", want: undefined },
  { text: "5d", want: undefined },
  { text: "--5s", want: undefined },
  { text: "1e3s", want: undefined },
  { text: "5s1", want: undefined },
  { text: "9999999h", want: undefined },
];

describe("parseDuration()", () => {
  for (const { text, want } of cases) {
    it(`I12: reads "${text}" as ${want ?? "no duration"}`, () => {
      assert.strictEqual(parseDuration(text), want);
    });
  }
});
