import { assert } from "chai";
import fc from "fast-check";
import { displayWidth, fit, fitEnd, printable } from "../../src/progress/terminal-text.js";

describe("printable()", () => {
  const cases = [
    { name: "keeps plain text", text: "RUN make", want: "RUN make" },
    { name: "takes colours out", text: "\x1b[1;31mred\x1b[0m", want: "red" },
    {
      name: "takes titles and links out",
      text: "\x1b]0;evil\x07a\x1b]8;;http://x\x07b",
      want: "ab",
    },
    { name: "takes 8-bit escapes out", text: "a\x9b2Jb", want: "ab" },
    { name: "takes bells and backspaces out", text: "a\x07\x08b", want: "ab" },
    { name: "takes text direction out", text: "a\u202eb\u2066", want: "ab" },
    { name: "makes tabs spaces up to the next stop", text: "ab\tc", want: "ab      c" },
    { name: "keeps other languages and emoji", text: "héllo 漢字 👩‍👧", want: "héllo 漢字 👩‍👧" },
  ];
  for (const { name, text, want } of cases) {
    it(name, () => {
      assert.strictEqual(printable(text), want);
    });
  }

  it("leaves no control character in any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        assert.notMatch(printable(text), /\p{Cc}/u);
      }),
    );
  });
});

describe("fit()", () => {
  const cases = [
    { text: "abc", columns: 3, start: "abc", end: "abc" },
    { text: "abcd", columns: 3, start: "ab…", end: "…cd" },
    { text: "漢字漢字", columns: 4, start: "漢…", end: "…字" },
    { text: "abc", columns: 0, start: "", end: "" },
  ];
  for (const { text, columns, start, end } of cases) {
    it(`cuts ${text} to ${columns} columns`, () => {
      assert.strictEqual(fit(text, columns), start);
      assert.strictEqual(fitEnd(text, columns), end);
    });
  }

  it("never exceeds the columns", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.nat(30), (text, columns) => {
        assert.isAtMost(displayWidth(fit(text, columns)), columns);
        assert.isAtMost(displayWidth(fitEnd(text, columns)), columns);
      }),
    );
  });
});
