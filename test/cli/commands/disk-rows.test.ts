import { assert } from "chai";
import { blocks, headers } from "../../../src/cli/commands/disk-rows.js";
import type { Row } from "../../../src/cli/format/rows.js";

describe("blocks()", () => {
  it("writes a line for each field, and nothing that would do more to a terminal", () => {
    const fields = Object.keys(headers).map((field) => [field, "\x1b[2Jx"]);
    const text = blocks([Object.fromEntries(fields) as Row<keyof typeof headers>]);
    assert.include(text, "\nLast accessed:  x\n");
    assert.strictEqual(text.split("\n").length, fields.length + 2);
    assert.notInclude(text, "\x1b");
  });
});
