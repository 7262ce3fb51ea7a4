import { assert } from "chai";
import fc from "fast-check";
import { BuildError } from "../../src/error.js";
import {
  gitSource,
  parseGitContext,
  parseGitUrl,
  redactRemote,
  shownOf,
} from "../../src/plan/git-url.js";
import type { GitSource } from "../../src/plan/remote-source.js";

const plain: Omit<GitSource, "remote"> = {
  kind: "git",
  ref: undefined,
  subdir: "",
  checksum: undefined,
  keepGitDir: false,
  submodules: true,
  commitTime: false,
  fetchByCommit: false,
};

describe("C23 parseGitUrl()", () => {
  const x = "https://x.org/a.git";
  const good: readonly (readonly [text: string, want: Partial<GitSource>])[] = [
    [x, { remote: x }],
    ["http://x.org/a.git", { remote: "http://x.org/a.git" }],
    ["git://x.org/a", { remote: "git://x.org/a" }],
    ["ssh://git@x.org:22/a/b", { remote: "ssh://git@x.org:22/a/b" }],
    ["git@x.org:a/b#v1", { remote: "git@x.org:a/b", ref: "v1" }],
    [`${x}#main`, { remote: x, ref: "main" }],
    [`${x}#main:a/b`, { remote: x, ref: "main", subdir: "a/b" }],
    [`${x}#:a%20b`, { remote: x, subdir: "a b" }],
    [`${x}?ref=v1&subdir=a`, { remote: x, ref: "v1", subdir: "a" }],
    [`${x}?branch=b`, { remote: x, ref: "refs/heads/b" }],
    [`${x}?tag=refs/tags/t`, { remote: x, ref: "refs/tags/t" }],
    [`${x}?checksum=abc`, { remote: x, checksum: "abc" }],
    [`${x}?commit=abc#v1`, { remote: x, checksum: "abc", ref: "v1" }],
    [`${x}?keep-git-dir`, { remote: x, keepGitDir: true }],
    [`${x}?keep-git-dir=0&submodules=F`, { remote: x, submodules: false }],
    [`${x}?mtime=commit&fetch-by-commit=1`, { remote: x, commitTime: true, fetchByCommit: true }],
    [`${x}?ref=v1#v1`, { remote: x, ref: "v1" }],
  ];
  for (const [text, want] of good) {
    it(`reads ${text}`, () => {
      const url = parseGitUrl(text);
      assert.deepEqual(url && gitSource(url), { ...plain, remote: text, ...want });
    });
  }

  const other = [
    "https://x.org/a",
    "https://x.org/a.git/b",
    "https://x.org/a.gitx",
    "github.com/u/r",
    "./a@b",
    "a.git",
    "file:///a.git",
    "ext::sh -c x",
    "-u@x.org:a",
    "",
  ];
  for (const text of other) {
    it(`leaves "${text}" alone`, () => {
      assert.isUndefined(parseGitUrl(text));
    });
  }

  const bad: readonly (readonly [query: string, message: string])[] = [
    ["?x=1", 'unexpected query "x"'],
    ["?ref=a&ref=b", 'query "ref" has multiple values'],
    ["?ref=", 'query "ref" has no value'],
    ["?ref=a#b", 'ref conflicts: "b" vs "a"'],
    ["?subdir=a#:b", 'subdir conflicts: "b" vs "a"'],
    ["?checksum=a&commit=b", 'checksum conflicts: "a" vs "b"'],
    ["?tag=a&branch=a", "conflicts"],
    ["?submodules=maybe", 'invalid submodules value: "maybe"'],
    ["?mtime=now", 'invalid mtime value: "now"'],
    ["#--upload-pack=x", '"--upload-pack=x" is not a ref'],
    ["#%zz", "badly escaped"],
    ["#a%00b", "NUL"],
    ["#a:b%00", "NUL"],
    ["?checksum=a%00", "NUL"],
  ];
  for (const [query, message] of bad) {
    it(`refuses ${query}, and shows no password`, () => {
      try {
        parseGitUrl(`https://me:secret@x.org/a.git${query}`);
        assert.fail("it was taken");
      } catch (error) {
        assert.instanceOf(error, BuildError);
        assert.strictEqual(error.code, "USAGE");
        assert.include(error.message, message);
        assert.notInclude(error.message, "secret");
      }
    });
  }

  it("gives a URL, nothing, or a BuildError for any text", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.constantFrom("", "https://x.org/a.git", "git@x:"),
        (text, start) => {
          try {
            parseGitUrl(`${start}${text}`);
          } catch (error) {
            assert.instanceOf(error, BuildError);
          }
        },
      ),
    );
  });
});

describe("B06 parseGitContext()", () => {
  it("knows github.com without a scheme", () => {
    const remotes = ["github.com/u/r", "github.com/u/r/", "github.com/u/r.git#v1"].map(
      (text) => parseGitContext(text)?.remote,
    );
    assert.deepEqual(remotes, Array(3).fill("https://github.com/u/r.git"));
    assert.strictEqual(parseGitContext("github.com/u/r#v1:sub")?.subdir, "sub");
    assert.isUndefined(parseGitContext("github.company/u/r"));
  });
});

describe("redactRemote() and shownOf()", () => {
  it("leave out passwords", () => {
    assert.strictEqual(redactRemote("https://me:pw@x.org/a.git"), "https://x.org/a.git");
    assert.strictEqual(redactRemote("https://me:p@ss@x.org/a@b.git"), "https://x.org/a@b.git");
    assert.strictEqual(redactRemote("git@x.org:a"), "git@x.org:a");
    const source = { ...plain, remote: "https://pw@x.org/a.git", ref: "v1", subdir: "b" };
    assert.strictEqual(shownOf(source), "https://x.org/a.git#v1:b");
  });
});
