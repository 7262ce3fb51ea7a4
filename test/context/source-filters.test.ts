import { assert } from "chai";
import { openDirectoryContext } from "../../src/context/directory-context.js";
import { parseIgnore } from "../../src/context/ignore.js";
import type { SelectOptions } from "../../src/context/source-tree.js";
import { BuildError } from "../../src/error.js";
import { toText } from "../../src/oci/changeset.js";
import { directoryWith, temporaryDirectory } from "./temporary.js";

const temporary = temporaryDirectory();

interface Case extends SelectOptions {
  readonly name: string;
  readonly source: string;
  readonly ignore?: string;
  /** What is below each directory that is selected, a file by its name; "(…)" when only implied. */
  readonly gives: readonly string[];
}

const all = ["a", "a/1.txt", "a/b", "a/b/2.txt", "c", "c/3.md", "dlink", "link"];

const excluded: readonly Case[] = [
  { name: "a name", source: "src", exclude: ["a"], gives: ["c", "c/3.md", "dlink", "link"] },
  {
    name: "a path from the context's root, which is none here",
    source: "src",
    exclude: ["src/a"],
    gives: all,
  },
  {
    name: "a path with a leading slash, which is none",
    source: "src",
    exclude: ["/a"],
    gives: all,
  },
  {
    name: "several",
    source: "src",
    exclude: ["a/1.txt", "c", "*link"],
    gives: ["a", "a/b", "a/b/2.txt"],
  },
  {
    name: "a link, not what it leads to",
    source: "src",
    exclude: ["link"],
    gives: all.slice(0, -1),
  },
  { name: "files of a directory, which stays", source: "src/c", exclude: ["*"], gives: [] },
  {
    name: "at any depth",
    source: "src",
    exclude: ["**/*.txt"],
    gives: ["a", "a/b", "c", "c/3.md", "dlink", "link"],
  },
  { name: "no variable", source: "src", exclude: ["$a"], gives: all },
  { name: "blanks", source: "src", exclude: [" ", ""], gives: all },
  {
    name: "a trailing slash as without it",
    source: "src",
    exclude: ["./a/"],
    gives: ["c", "c/3.md", "dlink", "link"],
  },
  {
    name: "all but what a later one includes",
    source: "src",
    exclude: ["**", "!**/*.md"],
    gives: ["(c)", "c/3.md"],
  },
  {
    name: "in order: an earlier one includes nothing",
    source: "src",
    exclude: ["!a/1.txt", "a"],
    gives: ["c", "c/3.md", "dlink", "link"],
  },
  { name: "no file that is named", source: "top.txt", exclude: ["top.txt"], gives: ["top.txt"] },
  {
    name: "no file that a wildcard finds",
    source: "src/a/*",
    exclude: ["1*", "2*"],
    gives: ["1.txt"],
  },
  {
    name: "below what a link leads to",
    source: "src/dlink",
    exclude: ["1.txt"],
    gives: ["b", "b/2.txt"],
  },
];

const withParents: readonly Case[] = [
  { name: "a file", source: "src/a/1.txt", gives: ["(src)", "(src/a)", "src/a/1.txt"] },
  {
    name: "a directory with all in it",
    source: "/src/a/b/",
    gives: ["(src)", "(src/a)", "src/a/b", "src/a/b/2.txt"],
  },
  { name: "what is behind the pivot", source: "./src/./a/b", gives: ["(a)", "a/b", "a/b/2.txt"] },
  { name: "the first pivot", source: "src/./a/./1.txt", gives: ["(a)", "a/1.txt"] },
  { name: "a pivot that is the root", source: "/./top.txt", gives: ["top.txt"] },
  { name: "no pivot at the end", source: "src/c/.", gives: ["(src)", "src/c", "src/c/3.md"] },
  { name: "all", source: "src/./", gives: all },
  {
    name: "stars at any depth",
    source: "**/*.txt",
    gives: ["(src)", "(src/a)", "src/a/1.txt", "(src/a/b)", "src/a/b/2.txt", "top.txt"],
  },
  { name: "stars behind a pivot", source: "src/./**/*.md", gives: ["(c)", "c/3.md"] },
  {
    name: "stars in between",
    source: "src/**/b",
    gives: ["(src)", "(src/a)", "src/a/b", "src/a/b/2.txt"],
  },
  {
    name: "wildcards before a pivot",
    source: "src/[ac]/./*",
    gives: ["1.txt", "b", "b/2.txt", "3.md"],
  },
  { name: "links as links", source: "src/*link", gives: ["(src)", "src/dlink", "src/link"] },
  { name: "a pivot behind a link", source: "src/dlink/./1.txt", gives: ["1.txt"] },
  { name: "nothing for a wildcard without match", source: "src/*.zip", gives: [] },
  {
    name: "nothing of what is excluded",
    source: "src/a",
    exclude: ["**/b"],
    gives: ["(src)", "src/a", "src/a/1.txt"],
  },
  { name: "nothing when all is excluded", source: "src/a", exclude: ["src"], gives: [] },
  {
    name: "exclusions relative to the pivot",
    source: "src/./a",
    exclude: ["a/b", "src"],
    gives: ["a", "a/1.txt"],
  },
  {
    name: "nothing that is ignored",
    source: "src/a",
    ignore: "**/b",
    gives: ["(src)", "src/a", "src/a/1.txt"],
  },
  {
    name: "what is included again",
    source: "src/a/b",
    ignore: "src\n!src/a/b",
    gives: ["(src)", "(src/a)", "src/a/b", "src/a/b/2.txt"],
  },
];

describe("SourceTree.select()", () => {
  const root = directoryWith(temporary, {
    "src/a/1.txt": "1",
    "src/a/b/2.txt": "2",
    "src/c/3.md": "3",
    "src/link": { symlink: "a/1.txt" },
    "src/dlink": { symlink: "a" },
    "top.txt": "t",
  });

  async function select({ source, ignore, ...options }: Omit<Case, "gives" | "name">) {
    const rules =
      ignore === undefined ? undefined : parseIgnore({ name: ".dockerignore", text: ignore });
    const tree = await openDirectoryContext({ root, ignore: rules, index: undefined });
    const selected = await tree.select(source, options);
    return selected.flatMap(({ name, entries: [...entries], implied }) =>
      entries
        .filter(({ path }, i) => i > 0 || entries[0]?.type === "file" || path !== "")
        .map(({ path }) => (path === "" ? name : path))
        .map((path) => (implied.has(path) ? `(${toText(path)})` : toText(path))),
    );
  }

  async function failure(source: string, options: SelectOptions): Promise<string> {
    try {
      await select({ source, ...options });
    } catch (error) {
      if (error instanceof BuildError) return error.message;
    }
    return "";
  }

  for (const { name, gives, ...given } of excluded) {
    it(`C18 leaves out ${name}`, async () => {
      assert.deepStrictEqual(await select(given), gives);
    });
  }

  for (const { name, gives, ...given } of withParents) {
    it(`C17 keeps the parents of ${name}`, async () => {
      assert.deepStrictEqual(await select({ ...given, parents: true }), gives);
    });
  }

  for (const source of [
    "nope",
    "src/nope/1.txt",
    "src/./nope",
    "nope/./a",
    "src/dlink/1.txt",
    "top.txt/./x",
  ]) {
    it(`C17 does not find ${source}`, async () => {
      assert.include(
        await failure(source, { parents: true }),
        `Cannot copy "${source}": not found`,
      );
    });
  }

  for (const [pattern, reason] of [
    ["!", "nothing follows"],
    ["[a", "malformed"],
    ["a\\", "malformed"],
  ] as const) {
    it(`C18 refuses ${pattern}`, async () => {
      const message = await failure("src", { exclude: [pattern] });
      assert.include(message, `Cannot use --exclude=${pattern}: `);
      assert.include(message, reason);
    });
  }

  it("C17 refuses a malformed pattern", async () => {
    assert.include(await failure("src/[", { parents: true }), "malformed");
  });
});
