import { assert } from "chai";
import fc from "fast-check";
import { BuildError } from "../../src/error.js";
import { expand } from "../../src/plan/expand.js";
import { planOf } from "./planning.js";

const many = 20_000;
const long = "a".repeat(60_000);

/** Each would outlast the test's timeout if it took more than linear time. */
const words = [
  { name: "variables", word: "$v".repeat(many) },
  { name: "defaults", word: "${n:-x}".repeat(many) },
  { name: "nested defaults", word: "${n:-".repeat(100) + "x" + "}".repeat(100) },
  { name: "quotes", word: `"$v"'x'`.repeat(many) },
  { name: "unclosed quotes", word: `'x'"`.repeat(many) + "'" },
  { name: "escapes", word: "\\".repeat(2 * many) },
  { name: "dollars", word: "$".repeat(2 * many) },
  { name: "a pattern of stars", word: "${a##" + "*a".repeat(2000) + "b}" },
  { name: "a long pattern over a long value", word: "${a%" + "a".repeat(50_000) + "b}" },
  { name: "many replacements", word: "${a//a/b}" },
  { name: "many patterns", word: "${v#?}".repeat(many) },
  { name: "a replacement that finds nothing", word: "${a//a*b/x}" },
];

/** Values of the variables. */
const values: Readonly<Record<string, string>> = { v: "x", a: long };

function times(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, i) => `${line(i)}\n`).join("");
}

function numbered(keyword: string): string {
  return times(5000, (i) => `${keyword} x${i}=1`);
}

describe("very much", () => {
  for (const { name, word } of words) {
    it(`X05 ends with ${name}`, () => {
      try {
        assert.isString(expand(word, { lookup: (key) => values[key], escape: "\\" }).text);
      } catch (error) {
        assert.instanceOf(error, BuildError);
      }
    });
  }

  it("X09 refuses patterns that would take all day", () => {
    const word = "${a#" + "a".repeat(50_000) + "b}";
    const act = (): unknown => expand(word, { lookup: () => long, escape: "\\" });
    assert.throws(act, BuildError, "the pattern and the value are too long");
  });

  const files = [
    { name: "undefined variables", text: "FROM a\n" + "ENV x=$undefined\n".repeat(3000) },
    { name: "labels", text: "FROM a\n" + numbered("LABEL") },
    { name: "variables", text: "FROM a\n" + numbered("ENV") },
    { name: "findings on one line", text: "FROM a\nENV " + "x=$y ".repeat(9000) },
    { name: "own checks", text: "FROM a\n" + "# check=skip=all\nENV x $y\n".repeat(3000) },
    { name: "comments", text: "# x\n".repeat(60_000) + "FROM a\n" },
    { name: "ports", text: "FROM a\n" + times(20_000, (i) => `EXPOSE ${i + 1}`) },
    { name: "volumes", text: "FROM a\n" + times(20_000, (i) => `VOLUME /${i}`) },
    { name: "stages", text: "FROM scratch AS a\nWORKDIR b\n".repeat(2000) },
  ];
  for (const { name, text } of files) {
    it(`P02 plans ${name}`, () => {
      assert.isNotEmpty(planOf(text, { whole: true }).stages);
    });
  }

  it("P18 plans any words, or gives a BuildError that points into the file", () => {
    const piece = fc.constantFrom(
      ..."$ ${ } : - + ? # % / \\ ' \" * a= b --x [ ] , <<E 80 / --from=0 1".split(" "),
    );
    const keyword = fc.constantFrom(
      ..."ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL ONBUILD RUN SHELL USER".split(
        " ",
      ),
    );
    const line = fc.tuple(keyword, fc.array(piece, { maxLength: 8 }), fc.constantFrom("", " "));
    const text = fc
      .array(line, { maxLength: 6 })
      .map((rows) =>
        ["FROM a", ...rows.map(([key, parts, by]) => `${key} ${parts.join(by)}`)].join("\n"),
      );
    const property = fc.property(text, (dockerfile) => {
      try {
        planOf(dockerfile, { whole: true });
      } catch (error) {
        if (!(error instanceof BuildError)) throw error;
        if (error.at !== undefined) assert.isAtMost(error.at.end, error.at.source.text.length);
      }
    });
    fc.assert(property, { numRuns: 2000 });
  });
});
