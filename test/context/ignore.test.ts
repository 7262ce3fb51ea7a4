import { assert } from "chai";
import fc from "fast-check";
import { findIgnoreFile, parseIgnore } from "../../src/context/ignore.js";
import { BuildError } from "../../src/error.js";
import { toBytePath, type BytePath } from "../../src/oci/changeset.js";
import { directoryWith, temporaryDirectory } from "./temporary.js";
import { execFileSync } from "node:child_process";
import { join } from "node:path";

function rulesOf(text: string): ReturnType<typeof parseIgnore> {
  return parseIgnore({ name: ".dockerignore", text });
}

function excluded(text: string, paths: readonly string[]): readonly string[] {
  const rules = rulesOf(text);
  return paths.filter((path) => rules.excludes(toBytePath(path)));
}

interface Case {
  readonly name: string;
  readonly text: string;
  readonly hides: readonly string[];
  readonly shows: readonly string[];
}

const cases: readonly Case[] = [
  { name: "G02 drops a BOM", text: "\uFEFFa", hides: ["a"], shows: ["b"] },
  {
    name: "G02 knows comments only in column 1",
    text: "#a\n #b",
    hides: ["#b"],
    shows: ["#a", "a"],
  },
  { name: "G02 trims blanks and CR", text: "  a \r\n\t\r\nb\r\n", hides: ["a", "b"], shows: ["c"] },
  { name: "G02 cleans patterns", text: "./a//b/../c/\n", hides: ["a/c"], shows: ["a/b", "c"] },
  { name: "G02 removes one leading slash", text: "/a", hides: ["a"], shows: ["b/a"] },
  { name: "G02 trims after !", text: "*\n!  keep", hides: ["a"], shows: ["keep"] },
  { name: "G03 anchors at the root", text: "a", hides: ["a"], shows: ["x/a"] },
  { name: "G03 hides what is below", text: "a", hides: ["a/b", "a/b/c"], shows: ["ab"] },
  { name: "G03 stops * at /", text: "*.md", hides: ["x.md", ".md"], shows: ["d/x.md"] },
  {
    name: "G03 matches one level",
    text: "*/temp*",
    hides: ["a/temp1"],
    shows: ["temp", "a/b/temp"],
  },
  { name: "G03 stops ? at /", text: "a?b", hides: ["axb", "aéb", "a😀b"], shows: ["a/b", "ab"] },
  { name: "G03 ** at the start", text: "**/x", hides: ["x", "a/x", "a/b/x/y"], shows: ["ax"] },
  { name: "G03 ** in the middle", text: "a/**/z", hides: ["a/z", "a/b/c/z"], shows: ["az", "z"] },
  {
    name: "G03 trailing /** keeps the directory",
    text: "a/**",
    hides: ["a/b", "a/b/c"],
    shows: ["a"],
  },
  { name: "G03 a lone **", text: "**", hides: ["a", "a/b"], shows: [] },
  { name: "G03 ***", text: "***", hides: ["a", "a/b"], shows: [] },
  { name: "G03 **/*.go", text: "**/*.go", hides: ["x.go", "a/b/x.go"], shows: ["x.gob"] },
  { name: "G03 classes", text: "[a-c]x", hides: ["ax", "cx"], shows: ["dx"] },
  { name: "G03 negated classes", text: "[^a]x", hides: ["bx"], shows: ["ax"] },
  { name: "G03 ! in a class is no negation", text: "[!a]x", hides: ["!x", "ax"], shows: ["bx"] },
  { name: "G03 escapes", text: "\\*\n\\!a\na\\?b", hides: ["*", "!a", "a?b"], shows: ["x", "axb"] },
  { name: "G03 dots are just dots", text: "a.b", hides: ["a.b"], shows: ["axb"] },
  { name: "G03 .. never matches", text: "../a", hides: [], shows: ["a"] },
  { name: "G03 a lone / matches nothing", text: "/", hides: [], shows: ["a"] },
  { name: "G04 the last line wins", text: "a\n!a\na", hides: ["a"], shows: [] },
  { name: "G04 includes again", text: "*.md\n!README.md", hides: ["x.md"], shows: ["README.md"] },
  { name: "G04 below an excluded directory", text: "d\n!d/f", hides: ["d", "d/g"], shows: ["d/f"] },
  {
    name: "G04 what changed nothing does not count below",
    text: "d\n!d\nd/*/f\n!d/e",
    hides: ["d/e/f"],
    shows: ["d", "d/e"],
  },
  {
    name: "G04 what was included anyway counts no more than it matches",
    text: "**/f\n!d",
    hides: ["f", "d/f", "d/f/g"],
    shows: ["d", "d/e"],
  },
  {
    name: "G04 includes what is below again",
    text: "*\n!d\n**/f",
    hides: ["a", "d/f"],
    shows: ["d", "d/e", "d/e/g"],
  },
  { name: "G04 order matters", text: "!d/f\nd", hides: ["d/f"], shows: [] },
];

describe("parseIgnore()", () => {
  for (const { name, text, hides, shows } of cases) {
    it(name, () => {
      assert.deepStrictEqual(excluded(text, [...hides, ...shows]), hides);
    });
  }

  it("matches names that are not UTF-8 byte by byte", () => {
    const rules = rulesOf("a?b\n!é*");
    assert.isTrue(rules.excludes("a\xffb" as BytePath));
    assert.isFalse(rules.excludes("\xc3\xa9\xff" as BytePath));
    assert.isFalse(rules.excludes("a\xff\xffb" as BytePath));
  });

  for (const bad of ["!", "a\n!  ", "[", "[]a]", "[a-]", "[z-a]", "a\\"]) {
    it(`G07 refuses ${JSON.stringify(bad)} and points at it`, () => {
      let caught: unknown;
      try {
        rulesOf(bad);
      } catch (error) {
        caught = error;
      }
      assert.instanceOf(caught, BuildError);
      assert.strictEqual(caught.code, "IGNORE_FILE");
      const { start, end } = caught.at ?? { start: 0, end: 0 };
      assert.strictEqual(bad.slice(start, end), bad.split("\n").at(-1)?.trim());
    });
  }

  it("answers for any pattern and any path, or refuses the pattern", () => {
    const piece = fc.constantFrom(
      "*",
      "**",
      "/",
      "?",
      "[a-b]",
      "[^a]",
      "a",
      "b",
      "!",
      "\\",
      ".",
      "é",
      "\n",
    );
    const any = fc.oneof(
      { weight: 4, arbitrary: piece },
      fc.string({ unit: "binary", maxLength: 3 }),
    );
    const text = fc.array(any, { maxLength: 40 }).map((pieces) => pieces.join(""));
    const path = fc.string({ unit: fc.constantFrom("a", "b", "/", "\xff", "\xc3") });
    fc.assert(
      fc.property(text, path, (pattern, name) => {
        try {
          assert.isBoolean(rulesOf(pattern).excludes(name as BytePath));
        } catch (error) {
          assert.instanceOf(error, BuildError);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it("agrees with a regular expression on small patterns", () => {
    const piece = fc.constantFrom("*", "**/", "/", "?", "a", "b");
    const pattern = fc
      .array(piece, { minLength: 1, maxLength: 6 })
      .map((pieces) => `x${pieces.join("")}y`)
      .filter((text) => !text.includes("//") && !text.includes("***"));
    const path = fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 8 });
    fc.assert(
      fc.property(pattern, path, (glob, middle) => {
        const name = `x${middle}y`;
        const parents = name.split("/").map((_, i, all) => all.slice(0, i + 1).join("/"));
        const expression = new RegExp(`^${glob.replace(/\*\*\/?|[*?]/g, asExpression)}$`);
        const wanted = parents.some((parent) => expression.test(parent));
        assert.strictEqual(rulesOf(glob).excludes(name as BytePath), wanted);
      }),
      { numRuns: 2000 },
    );
  });

  it("takes no exponential time for hostile patterns", () => {
    const rules = rulesOf(`${"**/*a".repeat(40)}b`);
    assert.isFalse(rules.excludes(`${"a/".repeat(400)}c` as BytePath));
  });
});

function asExpression(wildcard: string): string {
  if (wildcard === "*") return "[^/]*";
  return wildcard === "?" ? "[^/]" : "(?:.*/)?";
}

describe("findIgnoreFile()", () => {
  const temporary = temporaryDirectory();

  it("G01 prefers the one beside the Dockerfile", () => {
    const root = directoryWith(temporary, {
      ".dockerignore": "a",
      "web.dockerignore": "b",
      web: "",
    });
    const own = findIgnoreFile({ root, dockerfile: join(root, "web") });
    assert.deepStrictEqual(own, { name: "web.dockerignore", text: "b" });
    const shared = findIgnoreFile({ root, dockerfile: join(root, "other") });
    assert.deepStrictEqual(shared, { name: ".dockerignore", text: "a" });
  });

  it("gives none where there is none", () => {
    const root = directoryWith(temporary, {});
    assert.isUndefined(findIgnoreFile({ root, dockerfile: undefined }));
  });

  it("does not follow a link out of the context", () => {
    const secret = directoryWith(temporary, { secret: "top" });
    const root = directoryWith(temporary, { ".dockerignore": { symlink: join(secret, "secret") } });
    assert.isUndefined(findIgnoreFile({ root, dockerfile: undefined }));
  });

  it("refuses a directory beside the Dockerfile", () => {
    const root = directoryWith(temporary, { "web.dockerignore": {} });
    assert.throws(
      () => findIgnoreFile({ root, dockerfile: join(root, "web") }),
      BuildError,
      "Cannot read web.dockerignore",
    );
  });

  it("refuses a pipe in the context, also behind a link", () => {
    const piped = directoryWith(temporary, {});
    execFileSync("mkfifo", [join(piped, ".dockerignore")]);
    const linked = directoryWith(temporary, { ".dockerignore": { symlink: "pipe" } });
    execFileSync("mkfifo", [join(linked, "pipe")]);
    for (const root of [piped, linked]) {
      assert.throws(
        () => findIgnoreFile({ root, dockerfile: join(root, "Dockerfile") }),
        BuildError,
        "Cannot read .dockerignore: it is not a file",
      );
    }
  });

  it("refuses a device beside the Dockerfile", () => {
    const root = directoryWith(temporary, { "web.dockerignore": { symlink: "/dev/zero" } });
    assert.throws(
      () => findIgnoreFile({ root, dockerfile: join(root, "web") }),
      BuildError,
      "Cannot read web.dockerignore: it is not a file",
    );
  });
});
