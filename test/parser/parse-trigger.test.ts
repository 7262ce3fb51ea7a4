import { assert } from "chai";
import { BuildError, type Span } from "../../src/error.js";
import { parseTrigger } from "../../src/parser/parse-trigger.js";
import { compact } from "./compact.js";
import { goldenInstructions } from "./golden.js";
import { spansOf } from "./spans.js";

const source = { name: "Dockerfile", text: "FROM base\n" };
const at: Span = { source, start: 0, end: 9 };

const mistakes = [
  { text: "ONBUILD RUN x", says: "chaining ONBUILD via ONBUILD ONBUILD isn't allowed" },
  { text: "FROM x", says: "FROM isn't allowed as an ONBUILD trigger" },
  { text: "maintainer x", says: "MAINTAINER isn't allowed as an ONBUILD trigger" },
  { text: "", says: "a trigger must be a single instruction" },
  { text: "RUN a\nRUN b", says: "a trigger must be a single instruction" },
  { text: "RNU a", says: "unknown instruction: RNU" },
  { text: "COPY <<EOF /x\na", says: 'unterminated heredoc "EOF"' },
  { text: `RUN ${"x".repeat(70_000)}`, says: "greater than max allowed size" },
];

describe("parseTrigger()", () => {
  it("S19: reads what parseDockerfile() stores, and points where it is told to", () => {
    let count = 0;
    for (const instruction of goldenInstructions()) {
      if (instruction.kind !== "onbuild") continue;
      const trigger = parseTrigger(instruction.text, at);
      assert.deepStrictEqual(compact(trigger), compact(instruction.trigger));
      for (const span of spansOf(trigger)) assert.deepStrictEqual(span, at);
      count++;
    }
    assert.isAbove(count, 1);
  });

  it("S19: joins continued lines with a backslash", () => {
    const trigger = parseTrigger("RUN a \\\n# c\n  b", at);
    assert.deepStrictEqual(compact(trigger), { run: "a   b" });
  });

  for (const { text, says } of mistakes) {
    it(`S19: refuses ${JSON.stringify(text.slice(0, 30))} and points at the FROM`, () => {
      try {
        parseTrigger(text, at);
      } catch (error) {
        if (!(error instanceof BuildError)) throw error;
        assert.include(error.message, says);
        assert.strictEqual(error.at, at);
        return;
      }
      assert.fail("accepted");
    });
  }
});
