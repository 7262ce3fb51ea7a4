import { assert } from "chai";
import { readdirSync, readFileSync } from "node:fs";
import { BuildError } from "../../src/error.js";
import type { Span } from "../../src/error.js";
import { parseDockerfile } from "../../src/parser/parse-dockerfile.js";
import { compact, compactDirectives } from "./compact.js";

const root = new URL("../../fixtures/parser/", import.meta.url);

/** What a golden file says about the Dockerfile beside it. */
function outcome(text: string): object {
  try {
    const file = parseDockerfile({ name: "Dockerfile", text });
    const warnings = file.warnings.map(({ rule, at }) => `${place(at).line} ${rule}`);
    return {
      instructions: file.instructions.map(compact),
      ...(warnings.length > 0 && { warnings }),
      ...compactDirectives(file),
    };
  } catch (error) {
    if (!(error instanceof BuildError) || error.at === undefined) throw error;
    const { message, code, hint } = error;
    return {
      error: {
        message,
        ...place(error.at),
        ...(hint !== undefined && { hint }),
        ...(code !== "SYNTAX" && { code }),
      },
    };
  }
}

function place({ source, start }: Span): { readonly line: number; readonly column: number } {
  const before = source.text.slice(0, start).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

describe("parseDockerfile() on golden files", () => {
  for (const folder of readdirSync(root)) {
    const [id = "", ...words] = folder.split("-");
    it(`${id.toUpperCase()}: ${words.join(" ")}`, () => {
      const text = readFileSync(new URL(`${folder}/Dockerfile`, root), "utf8");
      const expected: unknown = JSON.parse(
        readFileSync(new URL(`${folder}/expected.json`, root), "utf8"),
      );
      assert.deepStrictEqual(outcome(text), expected);
    });
  }
});
