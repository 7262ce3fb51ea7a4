import { assert } from "chai";
import { formatTable } from "../../../src/cli/format/columns.js";

describe("formatTable()", () => {
  const cases: readonly (readonly [string, readonly (readonly string[])[], string])[] = [
    ["nothing", [], ""],
    ["a header alone", [["A", "B"]], "A         B\n"],
    [
      "columns as wide as their widest cell",
      [
        ["NAME", "ID"],
        ["a", "12345"],
        ["long enough", "1"],
      ],
      "NAME          ID\na             12345\nlong enough   1\n",
    ],
    [
      "lines without blanks at the end",
      [
        ["NAME", "NOTE"],
        ["a", ""],
      ],
      "NAME      NOTE\na\n",
    ],
    [
      "nothing that would do more to a terminal than show characters",
      [["\x1b[2Jclear", "be\x07ll"]],
      "clear     bell\n",
    ],
    ["rows of different length", [["a"], ["b", "c"]], "a\nb         c\n"],
  ];
  for (const [name, rows, want] of cases) {
    it(`writes ${name}`, () => {
      assert.strictEqual(formatTable(rows), want);
    });
  }
});
