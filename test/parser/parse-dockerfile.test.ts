import { assert } from "chai";
import { BuildError } from "../../src/error.js";
import type { Dockerfile } from "../../src/parser/instruction.js";
import { compact } from "./compact.js";
import { goldenInstructions, heredocsOf, parse } from "./golden.js";

function parsed(text: string): Dockerfile {
  const result = parse(text);
  if (result instanceof BuildError) throw result;
  return result;
}

function written({
  at,
}: {
  readonly at: { readonly start: number; readonly end: number };
}): string {
  return SAMPLE.slice(at.start, at.end);
}

const SAMPLE = [
  "FROM alpine AS base",
  "  ENV a=1\\",
  "# comment",
  '  key="two \\',
  'words" c=3',
  'CMD [ "a" , "\\u0062\\"" ]',
  "COPY --chown=1 x <<EOF /z",
  "body",
  "EOF",
  'VOLUME ["/a", "/b"]',
  "",
].join("\n");

describe("parseDockerfile()", () => {
  it("P18: gives each instruction the span from its keyword to its last character", () => {
    const { instructions } = parsed(SAMPLE);
    assert.deepStrictEqual(instructions.map(written), [
      "FROM alpine AS base",
      'ENV a=1\\\n# comment\n  key="two \\\nwords" c=3',
      'CMD [ "a" , "\\u0062\\"" ]',
      "COPY --chown=1 x <<EOF /z\nbody\nEOF",
      'VOLUME ["/a", "/b"]',
    ]);
  });

  it("P18: gives each word the span it was written in", () => {
    const [from, env, , copy, volume] = parsed(SAMPLE).instructions;
    assert.isTrue(
      from?.kind === "from" && from.name !== undefined && written(from.name) === "base",
    );
    if (env?.kind !== "env" || copy?.kind !== "copy" || volume?.kind !== "volume") assert.fail();
    assert.deepStrictEqual(
      env.pairs.map(({ key, value }) => [written(key), written(value)]),
      [
        ["a", "1"],
        ["key", '"two \\\nwords"'],
        ["c", "3"],
      ],
    );
    const words = [...copy.flags, ...copy.sources, copy.destination];
    assert.deepStrictEqual(words.map(written), ["--chown=1", "x", "<<EOF", "/z"]);
    assert.deepStrictEqual(volume.paths.map(written), ['"/a"', '"/b"']);
  });

  it("P05: gives a line that, read again with its heredocs, is the same instruction", () => {
    for (const instruction of goldenInstructions()) {
      const raw = heredocsOf(instruction).map((heredoc) => `\n${heredoc.raw}`);
      const text = `FROM a\n${instruction.line}${raw.join("")}\n`;
      const again = parsed(text).instructions.slice(1).map(compact);
      assert.deepStrictEqual(again, [compact(instruction)], text);
    }
  });

  it("P15: keeps the heredoc for the shell, its delimiter without tabs", () => {
    const { instructions } = parsed("FROM a\nRUN cat <<-'E' 3<<F\n\t\ta\n\tE\nb\nF\n");
    const [first, second] = instructions.flatMap(heredocsOf);
    assert.include(first, { word: "<<-'E'", raw: "\t\ta\nE", body: "a\n" });
    assert.include(second, { word: "3<<F", raw: "b\nF", body: "b\n" });
  });

  const limits = [
    { bytes: 65_535, fits: true, line: `RUN ${"x".repeat(65_531)}` },
    { bytes: 65_536, fits: false, line: `RUN ${"x".repeat(65_532)}` },
    { bytes: 65_536, fits: false, line: `RUN ${"é".repeat(32_766)}` },
    { bytes: 65_536, fits: false, line: `#${"x".repeat(65_535)}` },
  ];
  for (const { bytes, fits, line } of limits) {
    it(`P02: ${fits ? "reads" : "refuses"} a line of ${bytes} bytes: ${line.slice(0, 5)}…`, () => {
      assert.strictEqual(Buffer.byteLength(line), bytes);
      const result = parse(`FROM a\n${line}\n`);
      if (fits) assert.notInstanceOf(result, BuildError);
      else assert.match((result as BuildError).message, /greater than max allowed size of 65535/);
    });
  }
});
