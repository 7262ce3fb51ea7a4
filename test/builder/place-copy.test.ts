import { assert } from "chai";
import { chmodSync, chownSync, linkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { placeWorkdir } from "../../src/builder/place-copy.js";
import { openRootfsTree } from "../context/files-below.js";
import { openRootfs } from "../../src/context/rootfs.js";
import { BuildError } from "../../src/error.js";
import type { BytePath, Entry } from "../../src/oci/changeset.js";
import { digestOf, hexOf } from "../../src/oci/digest.js";
import type { CopyStep } from "../../src/plan/step.js";
import { setXattr } from "../../src/sys/xattrs.js";
import { assertEntry } from "../context/assert-entry.js";
import { directoryWith, temporaryDirectory, type Layout } from "../context/temporary.js";
import { copy, copyStep, entryAt, listing, now, selectAll } from "./copying.js";

const temporary = temporaryDirectory();

const files: Layout = {
  "one.txt": "1",
  "two.txt": "2",
  "dir/f": "f",
  "dir/sub/g": "g",
  "dir/link": { symlink: "/etc/passwd" },
  "other/f": "other",
};

const base: Layout = {
  "etc/passwd": "",
  "etc/os": "",
  app: { symlink: "srv/app" },
  "srv/app/old": "",
  "srv/app/sub/x": "",
  absolute: { symlink: "/srv" },
  outside: { symlink: "../../../../etc" },
  lost: { symlink: "/new/place" },
  "links/f": { symlink: "/etc/os" },
};

interface Case {
  readonly name: string;
  readonly sources?: readonly string[];
  readonly to: string;
  readonly step?: Partial<CopyStep>;
  readonly owner?: { readonly uid: number; readonly gid: number };
  readonly gives: readonly string[];
}

const cases: readonly Case[] = [
  {
    name: "C05 names a file as the destination",
    sources: ["one.txt"],
    to: "/x",
    gives: ["file x 644 0:0"],
  },
  {
    name: "C03 C05 makes a directory for a trailing slash, and its parents",
    sources: ["one.txt"],
    to: "/new/deep/",
    gives: ["directory new 755 0:0", "directory new/deep 755 0:0", "file new/deep/one.txt 644 0:0"],
  },
  {
    name: "C05 puts a file into an existing directory, which is listed as it is",
    sources: ["one.txt"],
    to: "/etc",
    gives: ["directory etc 755 0:0", "file etc/one.txt 644 0:0"],
  },
  {
    name: "copies into the root, which is not listed",
    sources: ["one.txt"],
    to: "/",
    gives: ["file one.txt 644 0:0"],
  },
  {
    name: "C04 copies the contents of a directory",
    sources: ["dir"],
    to: "/new",
    gives: [
      "directory new 755 0:0",
      "file new/f 644 0:0",
      "symlink new/link 777 0:0 -> /etc/passwd",
      "directory new/sub 755 0:0",
      "file new/sub/g 644 0:0",
    ],
  },
  {
    name: "C09 follows links in the destination, inside the root",
    sources: ["one.txt"],
    to: "/app/",
    gives: ["directory srv 755 0:0", "directory srv/app 755 0:0", "file srv/app/one.txt 644 0:0"],
  },
  {
    name: "C09 re-roots links that climb out",
    sources: ["one.txt"],
    to: "/outside/x",
    gives: ["directory etc 755 0:0", "file etc/x 644 0:0"],
  },
  {
    name: "C09 makes what a link leads to",
    sources: ["one.txt"],
    to: "/lost/",
    gives: [
      "directory new 755 0:0",
      "directory new/place 755 0:0",
      "file new/place/one.txt 644 0:0",
    ],
  },
  {
    name: "C05 replaces a link inside the destination, not what it leads to",
    sources: ["other"],
    to: "/links",
    gives: ["directory links 755 0:0", "file links/f 644 0:0"],
  },
  {
    name: "C16 does not follow links with --link, and starts from nothing",
    sources: ["one.txt"],
    to: "/app/",
    step: { link: true },
    gives: ["directory app 755 0:0", "file app/one.txt 644 0:0"],
  },
  {
    name: "C16 forgets --link when there is --chmod",
    sources: ["one.txt"],
    to: "/app/",
    step: { link: true, chmod: "600" },
    gives: ["directory srv 755 0:0", "directory srv/app 755 0:0", "file srv/app/one.txt 600 0:0"],
  },
  {
    name: "C06 takes several sources",
    sources: ["one.txt", "two.txt"],
    to: "/etc/",
    gives: ["directory etc 755 0:0", "file etc/one.txt 644 0:0", "file etc/two.txt 644 0:0"],
  },
  {
    name: "C13 gives all that is made the owner of --chown, existing directories excepted",
    sources: ["dir/sub"],
    to: "/srv/new",
    owner: { uid: 5, gid: 6 },
    gives: ["directory srv 755 0:0", "directory srv/new 755 5:6", "file srv/new/g 644 5:6"],
  },
  {
    name: "C14 applies octal --chmod to files, directories and made parents, but not to links",
    sources: ["dir"],
    to: "/new",
    step: { chmod: "0710" },
    gives: [
      "directory new 710 0:0",
      "file new/f 710 0:0",
      "symlink new/link 777 0:0 -> /etc/passwd",
      "directory new/sub 710 0:0",
      "file new/sub/g 710 0:0",
    ],
  },
  {
    name: "C14 applies symbolic --chmod",
    sources: ["dir/sub", "one.txt"],
    to: "/etc/",
    step: { chmod: "u=rwX,go=" },
    gives: ["directory etc 755 0:0", "file etc/g 600 0:0", "file etc/one.txt 600 0:0"],
  },
  {
    name: "P17 writes heredocs",
    to: "/etc/",
    step: { files: [{ name: "EOF", body: "hi\n" }] },
    gives: ["directory etc 755 0:0", "file etc/EOF 644 0:0"],
  },
  {
    name: "1.23 makes nothing when a wildcard matched nothing",
    sources: ["*.zip"],
    to: "/new/",
    gives: [],
  },
];

async function failure(action: Promise<unknown>): Promise<BuildError> {
  const error: unknown = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.instanceOf(error, BuildError);
  return error;
}

describe("placeCopy()", () => {
  let from: string;
  let over: string;
  beforeEach(() => {
    from = directoryWith(temporary, files);
    over = directoryWith(temporary, base);
  });

  async function place(
    sources: readonly string[],
    to: string,
    step: Partial<CopyStep> = {},
  ): Promise<readonly Entry[]> {
    return await copy(copyStep(to, step), await selectAll(from, sources), { over });
  }

  for (const { name, sources = [], to, step, owner, gives } of cases) {
    it(name, async () => {
      const selected = await selectAll(from, sources);
      for (const directory of ["dir", "dir/sub"]) chmodSync(join(from, directory), 0o755);
      const entries = await copy(copyStep(to, step), selected, { over, owner });
      assert.deepStrictEqual(listing(entries), gives);
    });
  }

  it("C04 keeps an existing top directory but for its time, and gives those below the source's", async () => {
    chmodSync(join(over, "srv/app"), 0o700);
    chownSync(join(over, "srv/app"), 0, 0);
    chmodSync(join(from, "dir"), 0o711);
    chmodSync(join(from, "dir/sub"), 0o770);
    utimesSync(join(from, "dir"), 500, 500);
    utimesSync(join(over, "srv"), 400, 400);
    setXattr(join(over, "srv/app/sub"), "user.kept", Buffer.from("k"));
    const entries = await place(["dir"], "/srv/app");
    assertEntry(entryAt(entries, "srv"), { type: "directory", mtime: 400 });
    assertEntry(entryAt(entries, "srv/app"), { mode: 0o700, mtime: 500 });
    const sub = entryAt(entries, "srv/app/sub");
    assertEntry(sub, { mode: 0o770, xattrs: new Map([["user.kept", Buffer.from("k")]]) });
  });

  it("C04 gives a made directory the time of its source, and made parents the clock's", async () => {
    utimesSync(join(from, "dir"), 500, 500);
    const entries = await place(["dir"], "/n/m");
    assertEntry(entryAt(entries, "n"), { mtime: now });
    assertEntry(entryAt(entries, "n/m"), { mtime: 500 });
  });

  it("C17 gives an existing directory on the way the source's mode alone, a missing one all", async () => {
    const source = directoryWith(temporary, { "sub/x/new": "", "sub/x/other": "" });
    chmodSync(join(source, "sub"), 0o751);
    chmodSync(join(source, "sub/x"), 0o711);
    const selected = await openRootfsTree(source).select("sub/x/new", { parents: true });
    const step = copyStep("/srv/app", { chmod: "640" });
    const onto = directoryWith(temporary, { "srv/app/sub/old": "" });
    utimesSync(join(onto, "srv/app/sub"), 600, 600);
    const entries = await copy(step, selected, { over: onto, owner: { uid: 8, gid: 9 } });
    assertEntry(entryAt(entries, "srv/app/sub"), { mode: 0o751, uid: 0, mtime: 600 });
    assertEntry(entryAt(entries, "srv/app/sub/x"), { mode: 0o640, uid: 8, gid: 9 });
    assert.isUndefined(entryAt(entries, "srv/app/sub/x/other"));
  });

  it("C06 lets later sources win", async () => {
    const entries = await place(["dir", "other"], "/new");
    assertEntry(entryAt(entries, "new/f"), { sha256: hexOf(digestOf("other")) });
  });

  it("C10 keeps hardlinks, also when the first name is overwritten", async () => {
    linkSync(join(from, "dir/f"), join(from, "dir/z1"));
    linkSync(join(from, "dir/f"), join(from, "dir/z2"));
    const kept = await place(["dir"], "/new");
    assertEntry(entryAt(kept, "new/z1"), { type: "hardlink", target: "new/f" });
    const replaced = await place(["dir", "other"], "/new");
    assertEntry(entryAt(replaced, "new/f"), { sha256: hexOf(digestOf("other")) });
    assertEntry(entryAt(replaced, "new/z1"), { type: "file", sha256: hexOf(digestOf("f")) });
    assertEntry(entryAt(replaced, "new/z2"), { type: "hardlink", target: "new/z1" });
  });

  it("fills in the digests of heredocs", async () => {
    const entries = await place([], "/x", { files: [{ name: "EOF", body: "é" }] });
    assertEntry(entryAt(entries, "x"), { size: 2, sha256: hexOf(digestOf("é")), mtime: now });
  });

  const failures: readonly {
    name: string;
    sources: readonly string[];
    to: string;
    step?: Partial<CopyStep>;
    says: string;
  }[] = [
    {
      name: "C05 a directory over a file",
      sources: ["dir"],
      to: "/etc/os",
      says: '"/etc/os": it is not a directory',
    },
    {
      name: "C05 a file as parent",
      sources: ["one.txt"],
      to: "/etc/os/x",
      says: '"/etc/os": it is not a directory',
    },
    {
      name: "C05 a file with a slash",
      sources: ["one.txt"],
      to: "/etc/os/",
      says: '"/etc/os": it is not a directory',
    },
    {
      name: "C14 a wrong --chmod",
      sources: ["dir"],
      to: "/x",
      step: { chmod: "999" },
      says: "--chmod=999",
    },
    {
      name: "C14 a --chmod too large",
      sources: ["dir"],
      to: "/x",
      step: { chmod: "77777" },
      says: "--chmod=77777",
    },
  ];
  for (const { name, sources, to, step, says } of failures) {
    it(`refuses ${name}, and points at the step`, async () => {
      const { code, message, at } = await failure(place(sources, to, step));
      assert.strictEqual(code, "COPY");
      assert.include(message, says);
      assert.deepInclude(at, { start: 0, end: 8 });
    });
  }

  it("C05 refuses a file over a directory", async () => {
    const target = directoryWith(temporary, { "d/one.txt/x": "" });
    const selected = await selectAll(from, ["one.txt"]);
    const { message } = await failure(copy(copyStep("/d/"), selected, { over: target }));
    assert.strictEqual(message, 'Cannot replace directory "/d/one.txt" with a file');
  });

  it("C10 C13 C14 C17 places a directory that comes alone as it does with others", async () => {
    const tree = directoryWith(temporary, {
      "a/f": "f",
      "a/z": { symlink: "f" },
      "b/c/g": "g",
      x: "",
    });
    linkSync(join(tree, "b/c/g"), join(tree, "b/c/h"));
    const over = directoryWith(temporary, { "app/b/old": "", "app/x": { symlink: "/etc" } });
    const [source] = await selectAll(tree, ["."]);
    if (source === undefined) throw new Error("nothing was selected");
    const implied = new Set(["b" as BytePath]);
    for (const changes of [{}, { chmod: "u=rwx,go=" }, { chmod: "711" }, { link: true }]) {
      const target = { over, owner: { uid: 7, gid: 8 } };
      const place = (files: CopyStep["files"]) =>
        copy(copyStep("/app", { ...changes, files }), [{ ...source, implied }], target);
      const among = await place([{ name: "zz", body: "" }]);
      assert.deepStrictEqual(await place([]), among.slice(0, -1));
      assert.strictEqual(among.at(-1)?.path, "app/zz");
    }
  });

  it("refuses a directory over a link inside the destination, rather than write through it", async () => {
    const target = directoryWith(temporary, { "d/sub": { symlink: "/etc" }, "etc/x": "" });
    const selected = await selectAll(from, ["dir"]);
    const { message } = await failure(copy(copyStep("/d"), selected, { over: target }));
    assert.include(message, '"/d/sub": it is not a directory');
  });
});

describe("placeWorkdir()", () => {
  const rootfs = openRootfs(
    directoryWith(temporary, { "srv/x": "", app: { symlink: "srv" }, f: "" }),
  );
  const owner = { uid: 7, gid: 8 };

  it("I07 makes what is missing, with the user's owner, through links", () => {
    assert.deepStrictEqual(listing([...placeWorkdir("/app/a/b", owner, rootfs, now)]), [
      "directory srv 755 0:0",
      "directory srv/a 755 7:8",
      "directory srv/a/b 755 7:8",
    ]);
  });

  it("I07 changes nothing that exists", () => {
    assert.deepStrictEqual([...placeWorkdir("/app", owner, rootfs)], []);
    assert.deepStrictEqual([...placeWorkdir("/", owner, rootfs)], []);
  });

  it("refuses a file", () => {
    assert.throws(
      () => placeWorkdir("/f/x", owner, rootfs),
      BuildError,
      '"/f": it is not a directory',
    );
  });
});
