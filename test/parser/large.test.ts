import { assert } from "chai";
import { BuildError } from "../../src/error.js";
import { parse } from "./golden.js";

const many = 60_000;
/** Each would outlast the test's timeout if it took more than linear time. */
const cases = [
  { name: "P02: instructions", text: "FROM a\n" + "RUN x\n".repeat(many), count: many + 1 },
  { name: "P03: comments", text: "FROM a\nRUN x \\\n" + "#\n".repeat(many), count: 2 },
  { name: "P05: escapes", text: "FROM a\nRUN " + "\\".repeat(many), count: 2 },
  { name: "P06: blank lines", text: "FROM a\nRUN x \\\n" + "\n".repeat(many) + "y", count: 2 },
  { name: "P07: blanks in a directive", text: "# escape = ` " + " ".repeat(many) + "x", count: 0 },
  { name: "P11: flags", text: "FROM a\nRUN " + "--mount=a \\\n".repeat(many) + "x", count: 2 },
  { name: "P12: broken JSON", text: "FROM a\nRUN [" + '"a",\\\n'.repeat(many) + '"b]', count: 2 },
  { name: "P14: words", text: "FROM a\nENV " + "a=b \\\n".repeat(many) + "c=d", count: 2 },
  { name: "P14: quotes", text: "FROM a\nENV a=" + `"'\\\n`.repeat(many), count: 2 },
  {
    name: "P15: heredocs",
    text: "FROM a\nRUN " + "<<A ".repeat(9000) + "\n" + "A\n".repeat(9000),
    count: 2,
  },
  { name: "P15: blanks before a delimiter", text: `FROM a\nRUN <<${" ".repeat(many)}<`, count: 2 },
  {
    name: "I12: digits",
    text: `FROM a\nHEALTHCHECK --interval=${"1".repeat(many)} CMD x`,
    count: 0,
  },
  { name: "S06: stages", text: "FROM a AS b\n".repeat(many), count: many },
];

describe("parseDockerfile() on very many", () => {
  for (const { name, text, count } of cases) {
    it(name, () => {
      const result = parse(text);
      assert.strictEqual(result instanceof BuildError ? 0 : result.instructions.length, count);
    });
  }
});
