import { assert } from "chai";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { openDirectoryContext } from "../../src/context/directory-context.js";
import type { FileIndex } from "../../src/context/file-index.js";
import { parseIgnore } from "../../src/context/ignore.js";
import { openRootfsTree } from "./files-below.js";
import type { SelectedSource } from "../../src/context/source-tree.js";
import { BuildError } from "../../src/error.js";
import { comparePaths, toText, type Entry } from "../../src/oci/changeset.js";
import { digestOf, hexOf } from "../../src/oci/digest.js";
import { setXattr } from "../../src/sys/xattrs.js";
import { assertEntry } from "./assert-entry.js";
import { directoryWith, temporaryDirectory, type Layout } from "./temporary.js";

const temporary = temporaryDirectory();

async function select(
  layout: Layout,
  pattern: string,
  ignore?: string,
): Promise<readonly string[]> {
  return summary(await selectIn(directoryWith(temporary, layout), pattern, ignore));
}

type Listed = SelectedSource & { readonly entries: readonly Entry[] };

async function selectIn(
  root: string,
  pattern: string,
  ignore?: string,
): Promise<readonly Listed[]> {
  const text =
    ignore === undefined ? undefined : parseIgnore({ name: ".dockerignore", text: ignore });
  const tree = await openDirectoryContext({ root, ignore: text, index: undefined });
  const selected = await tree.select(pattern);
  return selected.map((source) => ({ ...source, entries: [...source.entries] }));
}

/** "name", then "name>path" for what is below. */
function summary(selected: readonly Listed[]): readonly string[] {
  return selected.flatMap(({ name, entries }) =>
    entries.map(({ path }) => (path === "" ? toText(name) : `${toText(name)}>${toText(path)}`)),
  );
}

async function failure(action: Promise<unknown>): Promise<BuildError> {
  const error: unknown = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.instanceOf(error, BuildError);
  return error;
}

const tree: Layout = {
  "a.txt": "a",
  "b.txt": "b",
  ".hidden": "",
  "arr[0].txt": "",
  "a*b": "",
  "dir/one": "1",
  "dir/sub/two": "2",
  "dir-x": "",
  "dir/é": "",
  "other/one": "",
  absolute: { symlink: "/dir" },
  climbing: { symlink: "../../../../dir/one" },
  loop: { symlink: "loop" },
  dangling: { symlink: "nowhere" },
};

const selections: readonly { id: string; pattern: string; gives: readonly string[] }[] = [
  { id: "a plain file", pattern: "a.txt", gives: ["a.txt"] },
  { id: "C02 a leading slash", pattern: "/a.txt", gives: ["a.txt"] },
  { id: "C02 climbing out", pattern: "../../a.txt", gives: ["a.txt"] },
  { id: "C02 a trailing slash", pattern: "dir/sub/", gives: ["sub", "sub>two"] },
  {
    id: "a directory in path order",
    pattern: "dir",
    gives: ["dir", "dir>one", "dir>sub", "dir>sub/two", "dir>é"],
  },
  { id: "C07 *", pattern: "*.txt", gives: ["a.txt", "arr[0].txt", "b.txt"] },
  { id: "C07 ? and classes", pattern: "[ab].tx?", gives: ["a.txt", "b.txt"] },
  { id: "C07 * takes hidden files", pattern: ".h*", gives: [".hidden"] },
  { id: "C07 a matching directory", pattern: "dir/s*", gives: ["sub", "sub>two"] },
  { id: "C07 wildcards before literals", pattern: "*/one", gives: ["one", "one"] },
  { id: "C07 no ** across directories", pattern: "**/two", gives: [] },
  { id: "C07 no match is nothing", pattern: "*.zip", gives: [] },
  { id: "C07 no match in a missing directory", pattern: "missing/*", gives: [] },
  {
    id: "C08 an absolute link, keeping its name",
    pattern: "absolute/sub",
    gives: ["sub", "sub>two"],
  },
  { id: "C08 a link that climbs", pattern: "climbing", gives: ["climbing"] },
  { id: "C08 a link before a wildcard", pattern: "absolute/o*", gives: ["one"] },
  { id: "C27 escapes in a class", pattern: "arr[[]0].txt", gives: ["arr[0].txt"] },
  { id: "C27 an escaped star", pattern: "a\\*b", gives: ["a*b"] },
  { id: "C27 UTF-8", pattern: "dir/?", gives: ["é"] },
];

describe("openDirectoryContext()", () => {
  for (const { id, pattern, gives } of selections) {
    it(`selects ${id}: ${pattern}`, async () => {
      assert.deepStrictEqual(await select(tree, pattern), gives);
    });
  }

  for (const pattern of ["missing", "a.txt/x", "dangling", "dang*", "a\0b"]) {
    it(`C07 does not find ${JSON.stringify(pattern)}`, async () => {
      const { code, message } = await failure(select(tree, pattern));
      assert.strictEqual(code, "SOURCE_NOT_FOUND");
      assert.include(message, "not found in the build context");
    });
  }

  it("refuses a name that no file can have", async () => {
    const { code, message } = await failure(select(tree, "x".repeat(300)));
    assert.strictEqual(code, "CONTEXT");
    assert.include(message, "the path is too long");
  });

  it("names the path that is too long to be opened", async () => {
    const root = directoryWith(temporary, {});
    const name = "d".repeat(250);
    let fd = openSync(root, "r");
    for (let depth = 0; depth < 18; depth++) {
      const next = `/proc/self/fd/${fd}/${name}`;
      mkdirSync(next);
      const below = openSync(next, "r");
      closeSync(fd);
      fd = below;
    }
    closeSync(fd);
    const error = await failure(selectIn(root, "."));
    execFileSync("rm", ["-r", root]); // node's own way stumbles over the same limit
    assert.strictEqual(error.code, "CONTEXT");
    assert.match(
      error.message,
      /^Cannot read "(d{250}\/){16}d+": the path is too long: .* 4095 bytes/,
    );
  });

  it("refuses loops of links and malformed patterns", async () => {
    assert.strictEqual((await failure(select(tree, "loop"))).code, "COPY");
    assert.strictEqual((await failure(select(tree, "a["))).code, "COPY");
  });

  it("C08 never reads outside through links", async () => {
    const outside = directoryWith(temporary, { secret: "top" });
    const root = directoryWith(temporary, {
      link: { symlink: outside },
      up: { symlink: "../.." },
    });
    await failure(selectIn(root, "link/secret"));
    await failure(selectIn(root, "link"));
    assert.deepStrictEqual(summary(await selectIn(root, "up")), ["up", "up>link", "up>up"]);
  });

  it("C08 copies links found on the way as links", async () => {
    const root = directoryWith(temporary, { "d/l": { symlink: "/etc/passwd" } });
    const [source] = await selectIn(root, "d");
    const link = source?.entries[1];
    assertEntry(link, { type: "symlink", path: "l", target: "/etc/passwd", mode: 0o777 });
  });

  it("C11 C12 B01 keeps mode and whole-second mtime, no attributes, and makes root the owner", async () => {
    const root = directoryWith(temporary, { f: "x" });
    chmodSync(join(root, "f"), 0o4751);
    utimesSync(join(root, "f"), 1000.9, 1000.9);
    setXattr(join(root, "f"), "user.note", Buffer.from("n"));
    const [source] = await selectIn(root, "f");
    assertEntry(source?.entries[0], {
      type: "file",
      mode: 0o4751,
      uid: 0,
      gid: 0,
      mtime: 1000,
      size: 1,
      sha256: hexOf(digestOf("x")),
    });
    assert.notProperty(source?.entries[0], "xattrs");
  });

  it("C10 keeps hardlinks, the first in order being the file", async () => {
    const root = directoryWith(temporary, { "d/sub/b": "x" });
    linkSync(join(root, "d/sub/b"), join(root, "d/z"));
    linkSync(join(root, "d/sub/b"), join(root, "outside"));
    const [source] = await selectIn(root, "d");
    assertEntry(source?.entries[2], { type: "file", path: "sub/b" });
    assertEntry(source?.entries[3], { type: "hardlink", path: "z", target: "sub/b" });
  });

  it("takes a socket as an empty file", async () => {
    const root = directoryWith(temporary, {});
    const server = createServer().listen(join(root, "s"));
    await new Promise((resolve) => server.once("listening", resolve));
    const [source] = await selectIn(root, ".");
    await new Promise((resolve) => server.close(resolve));
    assertEntry(source?.entries[1], {
      type: "file",
      path: "s",
      size: 0,
      sha256: hexOf(digestOf("")),
    });
  });

  it("keeps names that are not UTF-8", async () => {
    const root = directoryWith(temporary, {});
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0x61])]), "odd");
    const [source] = await selectIn(root, "?a");
    assert.strictEqual(source?.name, "\xffa");
    assertEntry(source?.entries[0], { size: 3, sha256: hexOf(digestOf("odd")) });
  });

  it("hashes large files, and empty ones", async () => {
    const large = "0123456789abcdef".repeat(200_001);
    const root = directoryWith(temporary, { large, none: "" });
    const [source] = await selectIn(root, ".");
    assertEntry(source?.entries[1], { sha256: hexOf(digestOf(large)), size: large.length });
    assertEntry(source?.entries[2], { sha256: hexOf(digestOf("")), size: 0 });
  });

  it("refuses a context that is missing or a file", async () => {
    const root = directoryWith(temporary, { f: "" });
    for (const [path, reason] of [
      ["none", "no such directory"],
      ["f", "not a directory"],
    ] as const) {
      const { code, message } = await failure(selectIn(join(root, path), "."));
      assert.strictEqual(code, "CONTEXT");
      assert.include(message, reason);
    }
  });

  it("lists 10,000 files in path order, and lets others run meanwhile", async () => {
    const layout: Record<string, string> = {};
    for (let i = 0; i < 10_000; i++) layout[`d${i % 100}/f${i}`] = "";
    const root = directoryWith(temporary, layout);
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const [source] = await selectIn(root, ".");
    clearInterval(timer);
    const paths = source?.entries.map(({ path }) => path) ?? [];
    assert.lengthOf(paths, 10_101);
    assert.deepStrictEqual(paths, paths.toSorted(comparePaths));
    assert.isAbove(turns, 0);
  });

  it("C26 looks only at what is selected", async () => {
    const seen: string[] = [];
    const index: FileIndex = {
      lookup: (stat) => void seen.push(String(stat.size)),
      record: () => undefined,
      reserve: () => 0,
      settle: () => undefined,
    };
    const root = directoryWith(temporary, { a: "1", b: "22", "c/d": "333" });
    const context = await openDirectoryContext({
      root,
      ignore: undefined,
      index: () => Promise.resolve(index),
    });
    await context.select("c");
    assert.deepStrictEqual(seen, ["3"]);
  });

  it("does not leave the context when a directory is swapped for a link during the walk", async () => {
    const outside = directoryWith(temporary, { secret: "top" });
    const root = directoryWith(temporary, { "a/f": "", "z/f": "" });
    const swap = (): void => {
      renameSync(join(root, "z"), join(root, "y"));
      symlinkSync(outside, join(root, "z"));
    };
    let swapped = false;
    const index: FileIndex = {
      lookup: () => {
        if (!swapped) swap();
        swapped = true;
        return undefined;
      },
      record: () => undefined,
      reserve: () => 0,
      settle: () => undefined,
    };
    const context = await openDirectoryContext({
      root,
      ignore: undefined,
      index: () => Promise.resolve(index),
    });
    const error = await failure(context.select("."));
    assert.include(error.message, "changed while it was being read");
  });
});

const ignored: readonly {
  id: string;
  ignore: string;
  pattern: string;
  gives: readonly string[];
}[] = [
  {
    id: "G03 leaves the directory of an excluded file",
    ignore: "d/*",
    pattern: ".",
    gives: ["", ">d", ">k"],
  },
  { id: "G03 leaves out a directory", ignore: "d", pattern: ".", gives: ["", ">k"] },
  {
    id: "G04 keeps a directory for what is included again",
    ignore: "d\n!d/s/g",
    pattern: ".",
    gives: ["", ">d", ">d/s", ">d/s/g", ">k"],
  },
  {
    id: "G04 finds it below, too",
    ignore: "*\n!d/s/g",
    pattern: "d",
    gives: ["d", "d>s", "d>s/g"],
  },
  {
    id: "G04 leaves out what is included again in vain",
    ignore: "d\n!d/none",
    pattern: ".",
    gives: ["", ">k"],
  },
  {
    id: "C07 hides from wildcards",
    ignore: "k",
    pattern: "*",
    gives: ["d", "d>f", "d>s", "d>s/g"],
  },
];

describe("openDirectoryContext() with .dockerignore", () => {
  const layout: Layout = { k: "", "d/f": "", "d/s/g": "" };
  for (const { id, ignore, pattern, gives } of ignored) {
    it(id, async () => {
      assert.deepStrictEqual(await select(layout, pattern, ignore), gives);
    });
  }

  it("G06 names the line that hides a source", async () => {
    const { code, hint } = await failure(select(layout, "d/f", "# first\n\nd"));
    assert.strictEqual(code, "SOURCE_NOT_FOUND");
    assert.strictEqual(hint, '.dockerignore line 3 excludes "d"');
  });

  it("G06 hides the target of a link, and the link", async () => {
    const linked = { ...layout, link: { symlink: "d/f" } };
    await failure(select(linked, "link", "d"));
    await failure(select(linked, "link", "link"));
  });
});

describe("openRootfsTree()", () => {
  it("keeps attributes, and says what is missing", async () => {
    const root = directoryWith(temporary, { f: "x" });
    setXattr(join(root, "f"), "user.note", Buffer.from([0, 255]));
    const [source] = await openRootfsTree(root).select("f");
    const [entry] = source?.entries ?? [];
    assert.isTrue(entry?.type === "file" && entry.xattrs?.get("user.note")?.[1] === 255);
    assert.include((await failure(openRootfsTree(root).select("g"))).message, "not found");
  });

  it("leaves sockets out", async () => {
    const root = directoryWith(temporary, {});
    const server = createServer().listen(join(root, "s"));
    await new Promise((resolve) => server.once("listening", resolve));
    const [source] = await openRootfsTree(root).select("/");
    await new Promise((resolve) => server.close(resolve));
    assert.lengthOf(source?.entries ?? [], 1);
  });
});
