import { assert } from "chai";
import { readFileSync } from "node:fs";
import { readCases } from "../../scripts/conformance/case.js";
import { conformanceDocument, documentFile } from "../../scripts/conformance/document.js";
import { table } from "../../scripts/conformance/rows.js";

describe("docs/conformance.md", () => {
  it("is what the tests say", async () => {
    const text = readFileSync(documentFile, "utf8");
    assert.strictEqual(text, await conformanceDocument(), "run: npm run conformance -- --document");
  });

  it("has every row that a case names", () => {
    const known = new Set(table.flatMap(({ rows }) => rows.map(({ id }) => id)));
    for (const { name, ids } of readCases()) {
      for (const id of ids) assert.include([...known], id, name);
    }
  });
});
