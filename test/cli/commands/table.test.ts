import { assert } from "chai";
import { formatAge, formatSize, formatTable } from "../../../src/cli/commands/table.js";

describe("formatTable()", () => {
  const cases: readonly (readonly [string, readonly (readonly string[])[], string])[] = [
    ["nothing", [], ""],
    ["a header alone", [["A", "B"]], "A   B\n"],
    [
      "columns as wide as their widest cell",
      [
        ["NAME", "ID"],
        ["a", "12345"],
        ["longer", "1"],
      ],
      "NAME     ID\na        12345\nlonger   1\n",
    ],
    [
      "lines without blanks at the end",
      [
        ["NAME", "NOTE"],
        ["a", ""],
      ],
      "NAME   NOTE\na\n",
    ],
    ["rows of different length", [["a"], ["b", "c"]], "a\nb   c\n"],
  ];
  for (const [name, rows, want] of cases) {
    it(`writes ${name}`, () => {
      assert.strictEqual(formatTable(rows), want);
    });
  }
});

describe("formatSize()", () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, "0B"],
    [1, "1B"],
    [999, "999B"],
    [1000, "1kB"],
    [1234, "1.23kB"],
    [12_345, "12.3kB"],
    [999_499, "999kB"],
    [999_500, "1MB"],
    [1_000_000, "1MB"],
    [7_340_032, "7.34MB"],
    [1_500_000_000, "1.5GB"],
    [2e12, "2TB"],
    [12_345e12, "12300TB"],
  ];
  for (const [bytes, want] of cases) {
    it(`writes ${bytes} as ${want}`, () => {
      assert.strictEqual(formatSize(bytes), want);
    });
  }
});

describe("formatAge()", () => {
  const second = 1000;
  const minute = 60 * second;
  const hour = 60 * minute;
  const day = 24 * hour;
  const cases: readonly (readonly [number, string])[] = [
    [-5 * second, "0 seconds ago"],
    [0, "0 seconds ago"],
    [second, "1 second ago"],
    [59 * second, "59 seconds ago"],
    [minute, "1 minute ago"],
    [59 * minute + 59 * second, "59 minutes ago"],
    [hour, "1 hour ago"],
    [23 * hour, "23 hours ago"],
    [day, "1 day ago"],
    [6 * day, "6 days ago"],
    [7 * day, "1 week ago"],
    [29 * day, "4 weeks ago"],
    [30 * day, "1 month ago"],
    [364 * day, "12 months ago"],
    [365 * day, "1 year ago"],
    [800 * day, "2 years ago"],
  ];
  for (const [ms, want] of cases) {
    it(`writes ${ms / 1000} s as "${want}"`, () => {
      assert.strictEqual(formatAge(0, ms), want);
    });
  }
});
