import { assert } from "chai";
import { BuildError } from "../../src/error.js";
import { parseCheckOptions } from "../../src/parser/check-options.js";
import { LintedError } from "../../src/parser/linted-error.js";
import { parseDockerfile } from "../../src/parser/parse-dockerfile.js";
import type { Overrides } from "../../src/parser/directives.js";
import { failureOf } from "../oci/build-errors.js";

/** Two findings of different rules. */
const findings = "FROM a\nMAINTAINER me\nenv a=b\n";
const both = ["MaintainerDeprecated", "ConsistentInstructionCasing"];

function rules(text: string, overrides: Overrides = {}): readonly string[] {
  return parseDockerfile({ name: "Dockerfile", text }, overrides).warnings.map(({ rule }) => rule);
}

const cases: readonly (Overrides & { name: string; text: string; want: readonly string[] })[] = [
  {
    name: "skips a rule",
    text: `# check=skip=${both[0]}\n${findings}`,
    want: ["ConsistentInstructionCasing"],
  },
  { name: "skips several", text: `# check=skip=${both.join()}\n${findings}`, want: [] },
  { name: "skips all", text: `# check=skip=all\n${findings}`, want: [] },
  {
    name: "knows rules by their exact names",
    text: `# check=skip=maintainerdeprecated\n${findings}`,
    want: both,
  },
  {
    name: "takes a later part for an earlier one",
    text: `# check=skip=all;skip=x\n${findings}`,
    want: both,
  },
  { name: "ends at the first blank", text: `# check=skip=all // because\n${findings}`, want: [] },
  {
    name: "ends at the first blank, also in a list",
    text: `# check=skip= ${both.join()}\n${findings}`,
    want: both,
  },
  {
    name: "comes after a shebang",
    text: `#!/bin/tsbuild\n# check=skip=all\n${findings}`,
    want: [],
  },
  { name: "begins in the first column", text: ` # check=skip=all\n${findings}`, want: both },
  {
    name: "gives way to the build argument",
    text: `# check=skip=all\n${findings}`,
    check: `skip=${both[1]}`,
    want: [both[0] ?? ""],
  },
  {
    name: "gives way to an empty build argument",
    text: `# check=nonsense\n${findings}`,
    check: "",
    want: both,
  },
  {
    name: "has blanks in the build argument",
    text: findings,
    check: ` skip = ${both.join(" , ")} ; error = false `,
    want: [],
  },
  {
    name: "counts for the instruction below its comment",
    text: "FROM a\n# check=skip=MaintainerDeprecated\nMAINTAINER a\nMAINTAINER b\n# a remark\n# check=skip=all\n# another\nENV a \\\n\n b",
    want: ["MaintainerDeprecated"],
  },
  {
    name: "does not count beyond a blank line",
    text: "FROM a\n# check=skip=all\n\nMAINTAINER a",
    want: ["MaintainerDeprecated"],
  },
  {
    name: "counts for one FROM",
    text: "FROM a\n# check=skip=StageNameCasing\nFROM a AS B\nFROM a AS C",
    want: ["StageNameCasing"],
  },
  {
    name: "adds to what the file says",
    text: `# check=skip=${both[0]}\nFROM a\n# check=experimental=all;skip=${both[1]}\nenv a=b\nMAINTAINER a\n# x\nARG y`,
    want: [],
  },
  {
    name: "turns an experimental rule on for one instruction",
    text: "FROM a\n# x\n# check=experimental=InvalidDefinitionDescription\nARG y\n# x\nARG z",
    want: ["InvalidDefinitionDescription"],
  },
  {
    name: "leaves other comments alone",
    text: "FROM a\n# check=nothing that is an option\nMAINTAINER a",
    want: ["MaintainerDeprecated"],
  },
  {
    name: "turns experimental rules on in spite of skip=all",
    text: `# check=skip=all;experimental=all\n# x\nARG y\n${findings}`,
    want: ["InvalidDefinitionDescription"],
  },
];

const wrong = [
  { text: "skip", why: 'Cannot use check option "skip": no such option' },
  { text: "skpi=all", why: 'Cannot use check option "skpi": no such option' },
  { text: "error=maybe", why: 'Cannot use check option "error=maybe": want true or false' },
  { text: "skip=a;error=true;", why: 'Cannot use check option "": no such option' },
];

describe("P10: check options", () => {
  for (const { name, text, want, ...overrides } of cases) {
    it(name, () => {
      assert.deepEqual(rules(text, overrides), want);
    });
  }

  for (const { text, why } of wrong) {
    it(`refuse "${text}" as a directive, pointing at it, and as a build argument`, async () => {
      const error = await failureOf(() => rules(`# check=${text}\n${findings}`), "SYNTAX");
      assert.strictEqual(error.message, why);
      assert.strictEqual(error.at?.start, 0);
      assert.throws(() => rules(findings, { check: text }), BuildError, why);
    });
  }

  it("have at most three parts", () => {
    const { experimental } = parseCheckOptions("skip=a;error=true;experimental=b;skip=c");
    assert.deepEqual(experimental, new Set(["b;skip=c"]));
  });

  it("let what was found before a mistake pass, and nothing else", async () => {
    const text = "# check=skip=ConsistentInstructionCasing\nFROM a\nenv a=b\nMAINTAINER me\nFOO";
    const error = await failureOf(() => rules(text), "SYNTAX");
    if (!(error instanceof LintedError)) assert.fail(error.message);
    assert.deepEqual(
      error.warnings.map(({ rule }) => rule),
      ["MaintainerDeprecated"],
    );
  });
});
