import { assert } from "chai";
import { BuildError, type Span } from "../../src/error.js";
import { compact, compactDirectives } from "./compact.js";
import { goldens, parse } from "./golden.js";

/** What a golden file says about the Dockerfile beside it. */
function outcome(text: string): object {
  const result = parse(text);
  if (result instanceof BuildError) return { error: failure(result) };
  const warnings = result.warnings.map(({ rule, at }) => `${place(at).line} ${rule}`);
  return {
    instructions: result.instructions.map(compact),
    ...(warnings.length > 0 && { warnings }),
    ...compactDirectives(result),
  };
}

function failure({ message, at, hint, code }: BuildError): object {
  return {
    message,
    ...(at && place(at)),
    ...(hint !== undefined && { hint }),
    ...(code !== "SYNTAX" && { code }),
  };
}

function place({ source, start }: Span): { readonly line: number; readonly column: number } {
  const before = source.text.slice(0, start).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

describe("parseDockerfile() on golden files", () => {
  for (const { name, text, expected } of goldens) {
    it(name, () => {
      assert.deepStrictEqual(outcome(text), expected);
    });
  }
});
