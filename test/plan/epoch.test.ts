import { assert } from "chai";
import { BuildError } from "../../src/error.js";
import { gitSource, parseGitUrl, type GitUrl } from "../../src/plan/git-url.js";
import type { Plan } from "../../src/plan/plan.js";
import { httpSource } from "../../src/plan/remote-source.js";
import { planOf, type Given } from "./planning.js";

const epoch = (text: string, value?: string, given: Given = {}): Plan["epoch"] => {
  const buildArgs = new Map(value === undefined ? [] : [["SOURCE_DATE_EPOCH", value]]);
  return planOf(text, { ...given, buildArgs }).epoch;
};

describe("Plan.epoch", () => {
  const cases: readonly (readonly [string, string, string | undefined, Plan["epoch"]])[] = [
    ["none", "FROM scratch", undefined, undefined],
    ["that of the command line", "FROM scratch", "7", 7],
    ["that of the Dockerfile", "ARG SOURCE_DATE_EPOCH=8\nFROM scratch", undefined, 8],
    ["that of the command line first", "ARG SOURCE_DATE_EPOCH=8\nFROM scratch", "7", 7],
    ["none where it is emptied", "ARG SOURCE_DATE_EPOCH=8\nFROM scratch", "", undefined],
    ["none of an ARG in a stage", "FROM scratch\nARG SOURCE_DATE_EPOCH=8", undefined, undefined],
  ];
  for (const [name, text, given, want] of cases) {
    it(`T01 is ${name}`, () => {
      assert.strictEqual(epoch(text, given), want);
    });
  }

  const url = "https://example.com/a.tar";
  const source = "FROM scratch AS Src\nARG V=1\nADD https://example.com/$V.tar /\n";
  const named: Given = { namedContexts: new Map([["Lib", { kind: "directory" }]]) };
  const names: readonly (readonly [string, string, string | undefined, object, Given?])[] = [
    ["the context", "FROM scratch", "context", { kind: "context" }],
    [
      "the context, for the Dockerfile",
      "ARG SOURCE_DATE_EPOCH=context\nFROM scratch",
      undefined,
      { kind: "context" },
    ],
    ["a named context", "FROM scratch", "lib", { kind: "named", name: "Lib" }, named],
    [
      "a stage of one download, in whatever letters, needed or not",
      `${source}FROM scratch`,
      "sRC",
      { kind: "remote", source: httpSource("https://example.com/1.tar") },
    ],
    [
      "a stage of one repository",
      "FROM scratch AS src\nADD https://example.com/a.git#v1 /\nFROM scratch",
      "src",
      { kind: "remote", source: gitSource(gitUrl("https://example.com/a.git#v1")) },
    ],
  ];
  for (const [name, text, value, want, given] of names) {
    it(`T02 is that of ${name}`, () => {
      assert.deepStrictEqual<unknown>(epoch(text, value, given), want);
    });
  }

  const bad: readonly (readonly [string, string, string])[] = [
    [`FROM busybox AS src\nADD ${url} /`, "it must be FROM scratch", "FROM busybox AS src"],
    [
      `FROM scratch AS src\nADD ${url} /\nENV a=b`,
      "it may have nothing but ARG and one ADD, not ENV",
      "ENV a=b",
    ],
    ["FROM scratch AS src", "it must have exactly one remote ADD", "FROM scratch AS src"],
    [
      "FROM scratch AS src\nADD a.tar /",
      "it must have exactly one remote ADD",
      "FROM scratch AS src",
    ],
    [
      `FROM scratch AS src\nADD ${url} ${url} /x/`,
      "it must have exactly one remote ADD",
      "FROM scratch AS src",
    ],
  ];
  for (const [text, why, at] of bad) {
    it(`T02 is not that of ${text.replaceAll("\n", "; ")}`, () => {
      const error = failure(() => epoch(`${text}\nFROM scratch AS last`, "src"));
      assert.strictEqual(error.message, `Cannot take SOURCE_DATE_EPOCH from stage "src": ${why}`);
      assert.strictEqual(error.at?.source.text.slice(error.at.start, error.at.end), at);
    });
  }

  for (const value of ["yesterday", "-1", "1.5", "0x10", "stage-0"]) {
    it(`T01 T02 may not be "${value}"`, () => {
      const message = `Cannot use SOURCE_DATE_EPOCH "${value}": want seconds since 1970`;
      assert.strictEqual(failure(() => epoch("FROM scratch", value)).message, message);
      const { at } = failure(() => epoch(`ARG SOURCE_DATE_EPOCH=${value}\nFROM scratch`));
      assert.strictEqual(at?.source.text.slice(at.start, at.end), value);
    });
  }
});

function failure(make: () => unknown): BuildError {
  try {
    make();
  } catch (error) {
    if (error instanceof BuildError) return error;
    throw error;
  }
  return assert.fail("no error");
}

function gitUrl(text: string): GitUrl {
  return parseGitUrl(text) ?? assert.fail("no repository");
}
