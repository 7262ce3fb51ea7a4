import { assert } from "chai";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { toBytePath, type Entry } from "../../src/oci/changeset.js";
import { digestOf } from "../../src/oci/digest.js";
import { writeLayerTar } from "../../src/oci/layer-tar.js";
import {
  measureChanges,
  measureInto,
  treeDigest,
  TreeHasher,
  type LayerSink,
} from "../../src/snapshotter/tree-digest.js";
import { collect } from "../oci/bytes.js";
import {
  device,
  directory,
  fifo,
  file,
  hardlink,
  opaque,
  plainFile,
  stored,
  symlink,
  whiteout,
} from "../oci/entries.js";

const x = (value: string): ReadonlyMap<string, Uint8Array> =>
  new Map([["user.x", Buffer.from(value)]]);
const sha256 = (bytes: string): string => createHash("sha256").update(bytes).digest("hex");

describe("treeDigest()", () => {
  it("is the same of entries that are kept in columns", async () => {
    const entries = [
      directory("a"),
      plainFile("a/1"),
      plainFile("a/b/2"),
      plainFile("a/b/3", { mode: 0o4755, uid: 70_000 }),
      symlink("a/c", "b"),
      plainFile("a/d", { size: 12_345_678 }),
      plainFile("a/ü", { gid: 5 }),
      plainFile("a/x", { xattrs: x("1") }),
      plainFile(`b/${"n".repeat(70_000)}`),
      plainFile("c"),
    ];
    assert.strictEqual(await treeDigest(stored(entries)), await treeDigest(entries));
  });

  it("reads files that are kept in columns without a digest", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "tsbuild-")), "f");
    writeFileSync(path, "content");
    const content = { kind: "file", path: toBytePath(path), offset: 0 } as const;
    const entry = plainFile("f", { size: 7, content, sha256: undefined });
    let read = 0;
    const tree = await treeDigest(stored([entry, plainFile("g")]), undefined, () => {
      read++;
    });
    assert.strictEqual(tree, await treeDigest([file("f", "content"), plainFile("g")]));
    assert.strictEqual(read, 1);
    rmSync(path);
  });

  const different: readonly (readonly [string, Entry, Entry])[] = [
    ["a path", file("a"), file("b")],
    ["a type", fifo("a"), directory("a", { mode: 0o644 })],
    ["a mode", file("a"), file("a", "", { mode: 0o4644 })],
    ["an owner", file("a"), file("a", "", { uid: 1 })],
    ["a group", file("a"), file("a", "", { gid: 1 })],
    ["content", file("a", "1"), file("a", "2")],
    ["a link target", symlink("a", "b"), symlink("a", "c")],
    ["a hard link", hardlink("a", "b"), hardlink("a", "c")],
    ["a device number", device("char", "a", 1, 2), device("char", "a", 12, 0)],
    ["a device type", device("char", "a", 1, 2), device("block", "a", 1, 2)],
    ["an attribute", file("a", "", { xattrs: x("1") }), file("a", "", { xattrs: x("2") })],
    ["a missing attribute", file("a"), file("a", "", { xattrs: x("") })],
    ["a removal", whiteout("a"), opaque("a")],
  ];
  for (const [name, a, b] of different) {
    it(`sees ${name}`, async () => {
      assert.notStrictEqual(await treeDigest([a]), await treeDigest([b]));
    });
  }

  it("ignores times", async () => {
    assert.strictEqual(
      await treeDigest([file("a", "x", { mtime: 1 })]),
      await treeDigest([file("a", "x", { mtime: 2 })]),
    );
  });

  it("sees where entries are split", async () => {
    assert.notStrictEqual(
      await treeDigest([symlink("a", "b"), symlink("c", "d")]),
      await treeDigest([symlink("a", "bc"), symlink("", "d")]),
    );
  });

  it("takes a known digest without reading the content", async () => {
    const content = { kind: "file", path: toBytePath("/no/such/file"), offset: 0 } as const;
    const known = { ...file("a", "x"), content, sha256: sha256("x") } as Entry;
    assert.strictEqual(await treeDigest([known]), await treeDigest([file("a", "x")]));
  });

  it("stays as it was released", async () => {
    const entries = [directory("d"), file("d/f", "x", { xattrs: x("y") }), whiteout("e")];
    assert.strictEqual(
      await treeDigest(entries),
      "9983abe9f3a6bc708dbed27abda3c640ad0882b80e00a9776d011df8f4b0b9d8",
    );
  });
});

describe("TreeHasher", () => {
  it("adds up to treeDigest()", async () => {
    const tree = new TreeHasher();
    tree.add(directory("d"), undefined);
    tree.add(file("d/f", "x"), sha256("x"));
    assert.strictEqual(tree.digest(), await treeDigest([directory("d"), file("d/f", "x")]));
  });
});

describe("measureChanges()", () => {
  const entries = [directory("d"), file("d/f", "x"), file("large", Buffer.alloc(3_000_000))];

  it("measures the tar and the tree in one pass", async () => {
    const bytes = await collect(writeLayerTar(entries));
    const measure = await measureChanges(entries);
    assert.strictEqual(
      measure.diffId,
      `sha256:${createHash("sha256").update(bytes).digest("hex")}`,
    );
    assert.strictEqual(measure.size, bytes.length);
    assert.strictEqual(measure.tree, await treeDigest(entries));
  });

  it("stops when told to", async () => {
    const reason = new Error("stop");
    const error = await measureChanges(entries, AbortSignal.abort(reason)).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.strictEqual(error, reason);
  });
});

describe("measureInto()", () => {
  const folder = mkdtempSync(join(tmpdir(), "tsbuild-measure-"));
  const large = randomBytes(5_500_000);
  const path = toBytePath(join(folder, "large"));
  writeFileSync(path, large);
  const onDisk = { ...file("k", large), content: { kind: "file", path, offset: 0 } } as Entry;
  const many = Array.from({ length: 30 }, (_, i) => file(`f${10 + i}`, randomBytes(200_000)));
  const entries = [file("a", randomBytes(3_000_000)), ...many, onDisk, file("l", "small"), onDisk];

  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("leaves each piece as it is until a slow sink is done with it", async () => {
    const pieces: Buffer[] = [];
    const sink: LayerSink = {
      entry: () => undefined,
      async bytes(chunk) {
        await setTimeout(2);
        pieces.push(Buffer.from(chunk));
      },
    };
    const { diffId, size } = await measureInto(sink, entries);
    const bytes = Buffer.concat(pieces);
    assert.strictEqual(bytes.length, size);
    assert.strictEqual(diffId, digestOf(bytes));
    assert.isTrue(bytes.equals(await collect(writeLayerTar(entries))));
  });

  it("fails as the sink does, whenever that is", async () => {
    for (const failing of [1, 2, 12]) {
      let count = 0;
      const sink: LayerSink = {
        entry: () => undefined,
        bytes: async () => {
          await setTimeout(1);
          if (++count === failing) throw new Error("full");
        },
      };
      const error = await measureInto(sink, entries).catch((thrown: unknown) => thrown);
      assert.match(String(error), /full/);
      assert.strictEqual(count, failing);
    }
  });
});
