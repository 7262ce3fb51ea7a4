import { assert } from "chai";
import { formatAge, formatInstant, formatTime } from "../../../src/cli/format/age.js";

describe("formatAge()", () => {
  const minute = 60;
  const hour = 60 * minute;
  const day = 24 * hour;
  const cases: readonly (readonly [seconds: number, want: string])[] = [
    [-5, "Less than a second ago"],
    [0.9, "Less than a second ago"],
    [1, "1 second ago"],
    [59, "59 seconds ago"],
    [minute, "About a minute ago"],
    [2 * minute, "2 minutes ago"],
    [59 * minute + 59, "59 minutes ago"],
    [hour, "About an hour ago"],
    [hour + 29 * minute, "About an hour ago"],
    [hour + 30 * minute, "2 hours ago"],
    [47 * hour, "47 hours ago"],
    [2 * day, "2 days ago"],
    [13 * day, "13 days ago"],
    [14 * day, "2 weeks ago"],
    [59 * day, "8 weeks ago"],
    [60 * day, "2 months ago"],
    [729 * day, "24 months ago"],
    [730 * day, "2 years ago"],
  ];
  for (const [seconds, want] of cases) {
    it(`writes ${seconds} s as "${want}"`, () => {
      assert.strictEqual(formatAge(0, seconds * 1000), want);
    });
  }
});

describe("formatTime() and formatInstant()", () => {
  it("leave out what is less than a second", () => {
    const time = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
    assert.strictEqual(formatTime(time), "2026-01-02 03:04:05 +0000 UTC");
    assert.strictEqual(formatInstant(time), "2026-01-02T03:04:05Z");
  });
});
