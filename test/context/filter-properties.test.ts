import { assert } from "chai";
import fc from "fast-check";
import { compileGlob, matchableText } from "../../src/context/glob.js";
import { excludeRules, onlyRules } from "../../src/context/source-filters.js";
import { BuildError } from "../../src/error.js";
import { PathRules, uncounted } from "../../src/context/path-rules.js";
import { RuleTable } from "../../src/context/rule-table.js";
import type { BytePath } from "../../src/oci/changeset.js";

const piece = fc.constantFrom(
  "*",
  "**",
  "/",
  "?",
  "[a-b]",
  "[^a]",
  "[",
  "a",
  "b",
  "!",
  "\\",
  ".",
  "é",
);
const pattern = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(""));
const part = fc.string({
  unit: fc.constantFrom("a", "b", ".", "\xff"),
  minLength: 1,
  maxLength: 3,
});
const path = fc
  .array(part, { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join("/") as BytePath);

function parentsOf(name: BytePath): readonly BytePath[] {
  const parts = name.split("/");
  return parts.map((_, i) => parts.slice(0, i).join("/") as BytePath).slice(1);
}

/** The rules; undefined for a pattern that is refused. */
function compiled(make: () => PathRules | undefined): PathRules | undefined {
  try {
    return make();
  } catch (error) {
    assert.instanceOf(error, BuildError);
    return undefined;
  }
}

describe("patterns of --exclude and --parents", () => {
  it("C18 decide the same one directory at a time as all at once", () => {
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 4 }), path, (patterns, name) => {
        const rules = compiled(() => excludeRules(patterns));
        if (rules === undefined) return;
        let counted = uncounted;
        for (const step of [...parentsOf(name), name]) counted = rules.decideBelow(step, counted);
        assert.deepEqual(counted, rules.decide(name));
      }),
      { numRuns: 1000 },
    );
  });

  it("C17, C18 look into every directory that holds something to be included", () => {
    const some = fc.tuple(pattern, pattern);
    fc.assert(
      fc.property(some, path, ([first, second], name) => {
        for (const make of [() => excludeRules([first, `!${second}`]), () => onlyRules(second)]) {
          const rules = compiled(make);
          if (rules === undefined || rules.excludes(name)) continue;
          for (const parent of parentsOf(name)) {
            const decided = rules.decide(parent);
            assert.isTrue(
              !rules.isExcluding(decided) || rules.mayReinclude(parent, decided),
              parent,
            );
          }
        }
      }),
      { numRuns: 3000 },
    );
  });

  it("C17 keep what they name, and what is below that", () => {
    fc.assert(
      fc.property(path, path, (name, below) => {
        fc.pre(!/(^|\/)\.{1,2}(\/|$)/.test(name) && !name.includes("\xff"));
        const rules = onlyRules(name);
        assert.isFalse(rules.excludes(name));
        assert.isFalse(rules.excludes(`${name}/${below}` as BytePath));
        assert.isTrue(rules.excludes(`x${name}` as BytePath));
      }),
    );
  });

  it("G04 count where they change something, also where there are many of them", () => {
    const word = fc.constantFrom("a", "b", "ab", "a/b", "*", "**/", "?", ".", "é", "\\a", "[a-b]");
    const glob = fc
      .array(word, { minLength: 1, maxLength: 5 })
      .map((words) => compileGlob(words.join(""), "path"));
    const rule = fc.record({ glob, negated: fc.boolean() });
    for (const size of [
      { minLength: 1, maxLength: 9 },
      { minLength: 101, maxLength: 130 },
    ]) {
      fc.assert(
        fc.property(fc.array(rule, size), path, (all, name) => {
          const rules = all.flatMap(({ glob, negated }) => (glob ? [{ glob, negated }] : []));
          const expected = [...parentsOf(name), name].reduce<ReadonlySet<number>>(
            (parent, step) => {
              const text = matchableText(step);
              let isLeftOut = false;
              const counted = new Set<number>();
              rules.forEach(({ glob, negated }, i) => {
                const changes = negated === isLeftOut && glob.matches(text);
                if (!changes && !parent.has(i)) return;
                counted.add(i);
                isLeftOut = !negated;
              });
              return counted;
            },
            new Set(),
          );
          assert.deepEqual(new PathRules(rules).decide(name), [...expected]);
        }),
        { numRuns: 200 },
      );
    }
  });

  it("G02 are tried where they may match: of thousands hardly one", () => {
    const lines = Array.from({ length: 1000 }, (_, i) => [
      `packages/p${i}/*.log`,
      `**/generated-${i}.js`,
      `build${i}`,
    ]).flat();
    const table = new RuleTable(lines.flatMap((line) => compileGlob(line, "path") ?? []));
    const tried = (text: string): readonly number[] => [...table.candidates(text)].flat();
    assert.deepStrictEqual(tried("build17"), [lines.indexOf("build1"), lines.indexOf("build17")]);
    assert.deepStrictEqual(tried("packages/p7/x.log"), [lines.indexOf("packages/p7/*.log")]);
    assert.deepStrictEqual(tried("src/generated-7.js"), [lines.indexOf("**/generated-7.js")]);
    assert.deepStrictEqual(tried("README.md"), []);
  });

  it("take time in proportion: stars in rows, many patterns, deep paths", () => {
    const deep = `${"a/".repeat(1000)}c` as BytePath;
    const stars = compiled(() =>
      excludeRules([`${"**/*a".repeat(100)}b`, `!${"**/a?*".repeat(100)}`]),
    );
    assert.isFalse(stars?.excludes(deep));
    assert.isTrue(onlyRules(`${"**/".repeat(1000)}${"*".repeat(1000)}b`).excludes(deep));
    const rows = onlyRules(`${"**/".repeat(20_000)}${"*".repeat(20_000)}b`);
    assert.isFalse(rows.excludes("a/b" as BytePath));
    const many = Array.from({ length: 5000 }, (_, i) => `**/x${i}*y`);
    assert.isFalse(excludeRules(many)?.excludes(deep));
    assert.isFalse(excludeRules(many)?.mayReinclude(deep, [0]));
  });
});
