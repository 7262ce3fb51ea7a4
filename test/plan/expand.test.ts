import { assert } from "chai";
import fc from "fast-check";
import { BuildError } from "../../src/error.js";
import { expand, type ExpandOptions, type ExpansionMode } from "../../src/plan/expand.js";

const variables = new Map([
  ["a", "A"],
  ["e", ""],
  ["two", "one  two"],
  ["v", "foobarbaz"],
  ["path", "/usr/local/lib/libx.so.1"],
  ["stars", "a*b?c\\d"],
  ["_x9", "name"],
  ["größe", "XL"],
]);

function options(mode: ExpansionMode = "word", escape: "\\" | "`" = "\\"): ExpandOptions {
  return { lookup: (name) => variables.get(name), escape, mode };
}

interface Case {
  readonly id: string;
  readonly word: string;
  readonly gives: string;
  readonly escape?: "`";
  readonly mode?: ExpansionMode;
}

const cases: readonly Case[] = [
  { id: "X03", word: "$a", gives: "A" },
  { id: "X03", word: "$_x9-$größe", gives: "name-XL" },
  { id: "X03", word: "${a}b", gives: "Ab" },
  { id: "X03", word: "$A", gives: "" },
  { id: "X03", word: "$9a", gives: "a" },
  { id: "X03", word: "$999", gives: "" },
  { id: "X03", word: "[$@$*$#$?$-$$$!$0]", gives: "[]" },
  { id: "X03", word: "$", gives: "$" },
  { id: "X03", word: "a$/b", gives: "a$/b" },
  { id: "X04", word: "<$none${none}>", gives: "<>" },
  { id: "X06", word: "${none:-w}${none-w}", gives: "ww" },
  { id: "X06", word: "${e:-w}${e-w}", gives: "w" },
  { id: "X06", word: "${a:-w}${a-w}", gives: "AA" },
  { id: "X06", word: "${none:-${e:-$a}}", gives: "A" },
  { id: "X06", word: "${none:-'q $a' \"$a\"}", gives: "q $a A" },
  { id: "X06", word: "${none:-a\\}b}", gives: "a}b" },
  { id: "X07", word: "${a:+w}${a+w}", gives: "ww" },
  { id: "X07", word: "${e:+w}${e+w}", gives: "w" },
  { id: "X07", word: "${none:+w}${none+w}", gives: "" },
  { id: "X08", word: "${a:?no}${a?no}${e?no}", gives: "AA" },
  { id: "X09", word: "${v#*b}", gives: "arbaz" },
  { id: "X09", word: "${v##*b}", gives: "az" },
  { id: "X09", word: "${v%b*}", gives: "foobar" },
  { id: "X09", word: "${v%%b*}", gives: "foo" },
  { id: "X09", word: "${v#foo}", gives: "barbaz" },
  { id: "X09", word: "${v#bar}", gives: "foobarbaz" },
  { id: "X09", word: "${v%baz}", gives: "foobar" },
  { id: "X09", word: "${v#???}", gives: "barbaz" },
  { id: "X09", word: "${v##*}", gives: "" },
  { id: "X09", word: "${v#*}", gives: "foobarbaz" },
  { id: "X09", word: "${v#[f]}", gives: "foobarbaz" },
  { id: "X09", word: "${path##*/}", gives: "libx.so.1" },
  { id: "X09", word: "${path%/*}", gives: "/usr/local/lib" },
  { id: "X09", word: "${path%%.*}", gives: "/usr/local/lib/libx" },
  { id: "X09", word: "${path#*l*b}", gives: "/libx.so.1" },
  { id: "X09", word: "${path##*l*b}", gives: "x.so.1" },
  { id: "X09", word: "${stars#a\\*}", gives: "b?c\\d" },
  { id: "X09", word: "${stars#*\\?}", gives: "c\\d" },
  { id: "X09", word: "${stars#*\\\\}", gives: "d" },
  { id: "X09", word: "${v#${none:-foo}}", gives: "barbaz" },
  { id: "X10", word: "${v/ba/-}", gives: "foo-rbaz" },
  { id: "X10", word: "${v//ba/-}", gives: "foo-r-z" },
  { id: "X10", word: "${v/b*/-}", gives: "foo-" },
  { id: "X10", word: "${v/o*a/-}", gives: "f-z" },
  { id: "X10", word: "${v//?/xy}", gives: "xyxyxyxyxyxyxyxyxy" },
  { id: "X10", word: "${v//b/}", gives: "fooaraz" },
  { id: "X10", word: "${path//\\//:}", gives: ":usr:local:lib:libx.so.1" },
  { id: "X10", word: "${v/ba/\\/\\}}", gives: "foo\\/\\}rbaz" },
  { id: "X10", word: "${v//ba/'$1'}", gives: "foo$1r$1z" },
  { id: "X10", word: "${v/nope/-}", gives: "foobarbaz" },
  { id: "X10", word: "${v/$none/-}", gives: "-foobarbaz" },
  { id: "X11", word: "'$a \"x\" \\'", gives: '$a "x" \\' },
  { id: "X11", word: '"$a \'$a\' \\x \\" \\$a \\\\"', gives: "A 'A' \\x \" $a \\" },
  { id: "X11", word: '"`$a`"', gives: "`A`" },
  { id: "X11", word: "a\"b\"'c'd", gives: "abcd" },
  { id: "X11", word: "''", gives: "" },
  { id: "X12", word: "\\$a\\\\$a\\x", gives: "$a\\Ax" },
  { id: "X12", word: "a\\", gives: "a" },
  { id: "X12", word: "`$a \\$a", gives: "$a \\A", escape: "`" },
  { id: "X12", word: '"`$a `x"', gives: "$a `x", escape: "`" },
  { id: "P17", word: "'$a' \"$a\" it's \\$a", gives: "'A' \"A\" it's $a", mode: "heredoc" },
  {
    id: "X14",
    word: "'$a' \"$a\" \\$a $none ${none}",
    gives: "'$a' \"A\" \\$a $none ${none}",
    mode: "title",
  },
  {
    id: "X14",
    word: "${none:-$a} ${none#x} ${a:-x}",
    gives: "${none:-$a} ${none#x} A",
    mode: "title",
  },
];

const failures = [
  { id: "X05", word: "${}", why: "bad substitution" },
  { id: "X05", word: "${{a}}", why: "bad substitution" },
  { id: "X05", word: "${:-a}", why: "bad substitution" },
  { id: "X05", word: "${", why: 'missing "}"' },
  { id: "X05", word: "${a", why: 'missing "}"' },
  { id: "X05", word: "${a:", why: 'missing "}"' },
  { id: "X05", word: "${a:-b", why: 'missing "}"' },
  { id: "X05", word: "${a:YYY}", why: 'unsupported modifier ":Y"' },
  { id: "X05", word: "${a^}", why: 'unsupported modifier "^"' },
  { id: "X08", word: "${none:?say so}", why: "none: say so" },
  { id: "X08", word: "${none?}", why: "none: is not allowed to be unset" },
  { id: "X08", word: "${e:?}", why: "e: is not allowed to be empty" },
  { id: "X09", word: "${v:#a}", why: 'unsupported modifier ":#"' },
  { id: "X09", word: "${v#\\a}", why: 'the escape "\\a" is invalid' },
  { id: "X10", word: "${v/a}", why: 'missing "/"' },
  { id: "X10", word: "${v/a/b", why: 'missing "}"' },
  { id: "X11", word: "'a", why: "single quote is not closed" },
  { id: "X11", word: '"a$a', why: "double quote is not closed" },
];

describe("expand()", () => {
  for (const { id, word, gives, escape, mode } of cases) {
    it(`${id}: ${word} gives ${gives}`, () => {
      assert.strictEqual(expand(word, options(mode, escape)).text, gives);
    });
  }

  for (const { id, word, why } of failures) {
    it(`${id}: ${word} fails with ${why}`, () => {
      const act = (): unknown => expand(word, options());
      assert.throws(act, BuildError, `Cannot expand "${word}"`);
      assert.throws(act, BuildError, why);
    });
  }

  it("X13: splits only the blanks that variables bring in", () => {
    assert.deepEqual(expand("x$two/$two", options()).words, ["xone", "two/one", "two"]);
    assert.deepEqual(expand("\"$two\" 'a b'", options()).words, ["one  two", "a b"]);
    assert.deepEqual(expand("$none", options()).words, []);
  });

  it("X04: tells what is not set, also where the word has its own answer", () => {
    const { unset, used } = expand("$a$b${c}${d:-x}${f+x}${g#x}", options());
    assert.deepEqual([...unset], ["b", "c", "d", "f", "g"]);
    assert.deepEqual([...used], ["a"]);
  });

  it("refuses nesting that no stack holds", () => {
    const word = "${x:-".repeat(50_000) + "}".repeat(50_000);
    assert.throws(() => expand(word, options()), BuildError, "nested too deeply");
  });

  it("refuses results that no memory holds", () => {
    const big = "y".repeat(1024 * 1024);
    const lookup = (): string => big;
    assert.throws(() => expand("$x".repeat(17), { lookup, escape: "\\" }), BuildError, "16 MiB");
    assert.throws(() => expand("${x//?/$x}", { lookup, escape: "\\" }), BuildError, "16 MiB");
  });

  it("gives text or BuildError for every word", () => {
    const piece = fc.constantFrom(
      ..."$ $ ${ ${a ${e:- } : - + ? # % / \\ ' \" * a v b none".split(" "),
    );
    const word = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.tuple(piece, fc.string({ unit: "binary" }), piece).map((pieces) => pieces.join("")),
      fc.array(piece).map((pieces) => pieces.join("")),
    );
    const mode = fc.constantFrom<ExpansionMode>("word", "heredoc", "title");
    fc.assert(
      fc.property(
        word,
        mode,
        fc.constantFrom("\\" as const, "`" as const),
        (text, kind, escape) => {
          try {
            assert.isString(expand(text, options(kind, escape)).text);
          } catch (error) {
            assert.instanceOf(error, BuildError);
          }
        },
      ),
      { numRuns: 5000 },
    );
  });

  it("leaves a word without special characters as it is", () => {
    const plain = fc.string().map((text) => text.replace(/[$'"\\`]/g, ""));
    fc.assert(fc.property(plain, (text) => expand(text, options()).text === text));
  });

  it("asks for each variable once per use, however long the word", () => {
    let asked = 0;
    const lookup = (): undefined => {
      asked++;
    };
    expand("${x:-${y}}'".repeat(10_000), { lookup, escape: "\\", mode: "heredoc" });
    assert.strictEqual(asked, 20_000);
  });
});
