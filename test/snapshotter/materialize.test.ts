import { assert } from "chai";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BytePath, Entry } from "../../src/oci/changeset.js";
import { readContent } from "../../src/oci/content.js";
import { materialize } from "../../src/snapshotter/materialize.js";
import { readTree } from "../../src/snapshotter/overlay-changes.js";
import { failureOf } from "../oci/build-errors.js";
import { directory, fifo, file, hardlink, opaque, resolved, symlink } from "../oci/entries.js";

const plain = { plain: true, userNamespace: true } as const;

describe("materialize() in plain form", () => {
  let folder: string;
  let root: string;
  let outside: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(join(tmpdir(), "tsbuild-materialize-"));
    root = join(folder, "root");
    outside = join(folder, "outside");
    fs.mkdirSync(root);
    fs.mkdirSync(outside);
    fs.writeFileSync(join(outside, "precious"), "precious");
  });
  afterEach(() => {
    fs.rmSync(folder, { recursive: true });
  });

  it("writes what readTree() reads back", async () => {
    const owner = fs.statSync(root);
    const mine = { uid: owner.uid, gid: owner.gid };
    const entries = [
      directory("d", { ...mine, mode: 0o1755 }),
      file("d/f", "content", { ...mine, mode: 0o755 }),
      hardlink("d/g", "d/f", { ...mine, mode: 0o755 }),
      directory("empty", mine),
      file("large", Buffer.alloc(3_000_000, "x"), mine),
      symlink("link", "/etc/passwd", mine),
      { ...file("x", "odd", mine), path: "z\xff" as BytePath } as Entry,
    ];
    await materialize(entries, root, plain);
    const back = await resolved(readTree(root), (entry) => readContent(entry));
    assert.deepStrictEqual(back, entries);
  });

  it("does not apply owners", async () => {
    await materialize([file("f", "", { uid: 12345, gid: 12345 })], root, plain);
    assert.strictEqual(fs.statSync(join(root, "f")).uid, fs.statSync(root).uid);
  });

  it("removes what a whiteout names", async () => {
    fs.mkdirSync(join(root, "d/e"), { recursive: true });
    await materialize([{ type: "whiteout", path: "d" as BytePath }], root, plain);
    assert.deepStrictEqual(fs.readdirSync(root), []);
  });

  it("gives directories their times after what is in them", async () => {
    await materialize([directory("d", { mtime: 7 }), file("d/f"), fifo("d/p")], root, plain);
    assert.strictEqual(fs.statSync(join(root, "d")).mtimeMs, 7000);
  });

  it("keeps times before 1970", async () => {
    const entries = [
      directory("d", { mtime: -7 }),
      file("d/f", "", { mtime: -8 }),
      symlink("d/l", "f", { mtime: -9 }),
      { ...fifo("d/p"), mtime: -10 },
    ];
    await materialize(entries, root, plain);
    const times = ["d", "d/f", "d/l", "d/p"].map((name) => fs.lstatSync(join(root, name)).mtimeMs);
    assert.deepStrictEqual(times, [-7000, -8000, -9000, -10_000]);
  });

  const out = "../outside";
  const attacks: readonly { readonly name: string; readonly entries: readonly Entry[] }[] = [
    { name: "a file below a link up", entries: [symlink("l", out), file("l/precious", "evil")] },
    {
      name: "a file below an absolute link",
      entries: [symlink("l", "OUTSIDE"), file("l/precious", "evil")],
    },
    {
      name: "a file in place of a link",
      entries: [symlink("l", `${out}/precious`), file("l", "evil")],
    },
    {
      name: "a directory in place of a link",
      entries: [symlink("l", "OUTSIDE"), directory("l", { mode: 0 })],
    },
    {
      name: "a link below a link",
      entries: [symlink("a", "."), symlink("a/b", ".."), file("a/b/outside/precious", "evil")],
    },
    {
      name: "a hard link through a link",
      entries: [symlink("l", "OUTSIDE"), hardlink("h", "l/precious")],
    },
    {
      name: "a hard link to a link",
      entries: [symlink("l", `${out}/precious`), hardlink("h", "l"), file("h", "evil")],
    },
    { name: "the mode of a link", entries: [symlink("l", `${out}/precious`, { mode: 0 })] },
    {
      name: "a whiteout below a link",
      entries: [symlink("l", "OUTSIDE"), { type: "whiteout", path: "l/precious" as BytePath }],
    },
    {
      name: "links in a ring",
      entries: [symlink("a", "b"), symlink("b", "a"), file("a/f", "evil")],
    },
    {
      name: "a parent swapped for a link",
      entries: [directory("d"), file("d/f"), symlink("d", "OUTSIDE"), file("d/precious", "evil")],
    },
  ];
  for (const { name, entries } of attacks) {
    it(`never leaves the directory: ${name}`, async () => {
      const before = fs.statSync(join(outside, "precious"));
      const aimed = entries.map((entry) =>
        entry.type === "symlink" && entry.target === "OUTSIDE"
          ? { ...entry, target: outside as BytePath }
          : entry,
      );
      try {
        await materialize(aimed, root, plain);
      } catch (error) {
        assert.propertyVal(error, "code", "INVALID_ARCHIVE");
      }
      const after = fs.statSync(join(outside, "precious"));
      assert.deepStrictEqual(fs.readdirSync(outside), ["precious"]);
      assert.strictEqual(fs.readFileSync(join(outside, "precious"), "utf8"), "precious");
      assert.deepStrictEqual([after.mode, after.nlink], [before.mode, before.nlink]);
    });
  }

  it("follows a linked parent inside the root", async () => {
    await materialize([directory("usr"), symlink("bin", "/usr"), file("bin/sh", "x")], root, plain);
    assert.strictEqual(fs.readFileSync(join(root, "usr/sh"), "utf8"), "x");
  });

  const bad: readonly { readonly name: string; readonly entries: readonly Entry[] }[] = [
    { name: "a file below a file", entries: [file("a"), file("a/b")] },
    { name: "a hard link to nothing", entries: [hardlink("a", "b")] },
    { name: "a hard link to a directory", entries: [directory("a"), hardlink("b", "a")] },
    { name: "a name that is too long", entries: [file("a".repeat(256))] },
  ];
  for (const { name, entries } of bad) {
    it(`refuses ${name}`, async () => {
      await failureOf(materialize(entries, root, plain), "INVALID_ARCHIVE");
    });
  }

  it("takes an opaque directory for a mistake of ours", async () => {
    const error: unknown = await materialize([directory("a"), opaque("a")], root, plain).catch(
      (reason: unknown) => reason,
    );
    assert.match(String(error), /opaque "a" has no meaning/);
  });
});
