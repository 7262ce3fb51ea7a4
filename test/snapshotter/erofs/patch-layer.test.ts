import { assert } from "chai";
import fc from "fast-check";
import fs, {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { comparePaths, type BytePath, type Entry } from "../../../src/oci/changeset.js";
import { contentDigest } from "../../../src/oci/content.js";
import { memberOf } from "../../../src/oci/layer-tar.js";
import { encodeHeaders } from "../../../src/oci/tar-header.js";
import { splitStates } from "../../../src/snapshotter/erofs/hash-states.js";
import { indexFiles } from "../../../src/snapshotter/erofs/index-files.js";
import { layerContents } from "../../../src/snapshotter/erofs/layer-contents.js";
import { INDEX_NAME, PATCH_NAME, TAR_NAME } from "../../../src/snapshotter/erofs/layer-place.js";
import { patchLayer } from "../../../src/snapshotter/erofs/patch-layer.js";
import {
  readStoredLayer,
  StoredTar,
  storedTar,
} from "../../../src/snapshotter/erofs/stored-tar.js";
import { writeLayer } from "../../../src/snapshotter/erofs/write-layer.js";
import { LayeredFiles } from "../../../src/snapshotter/layer-files.js";
import type { TarMeasure } from "../../../src/snapshotter/measure-tar.js";
import { treeChanges } from "../../../src/snapshotter/tree-changes.js";
import {
  device,
  directory,
  fifo,
  file,
  hardlink,
  opaque,
  symlink,
  whiteout,
} from "../../oci/entries.js";

/** With the digest of its content, as the file index gives it. */
async function known(entry: Entry): Promise<Entry> {
  return entry.type === "file" ? { ...entry, sha256: await contentDigest(entry) } : entry;
}

/** What becomes of entries when these take the place of those of the same names. */
function edited(before: readonly Entry[], edit: readonly Entry[]): readonly Entry[] {
  const byPath = new Map(edit.map((entry) => [entry.path, entry]));
  return before.map((entry) =>
    entry.type === "opaque" ? entry : (byPath.get(entry.path) ?? entry),
  );
}

/** The files of a layer, as its index tells. */
function indexed(layer: string): Promise<readonly unknown[]> {
  return digested(treeChanges(new LayeredFiles([indexFiles(layer)])));
}

/** Its entries, as its tar tells. */
function inTar(layer: string): Promise<readonly unknown[]> {
  return digested(readStoredLayer(layer));
}

/** Entries with digests of their contents in place of these, and of where they are. */
async function digested(
  entries: AsyncIterable<Entry> | Iterable<Entry>,
): Promise<readonly unknown[]> {
  const list: unknown[] = [];
  for await (const entry of entries) {
    if (entry.type !== "file") list.push(entry);
    else {
      const digest = await contentDigest({ ...entry, sha256: undefined });
      list.push({ ...entry, content: digest });
    }
  }
  return list;
}

const attributes = { xattrs: new Map([["user.x", Buffer.alloc(700, "x")]]) };

/** Every kind of entry, and between them what has no content, or headers of several blocks. */
const mixed = [
  directory("", { mode: 0o700 }),
  directory("a", attributes),
  file("a/attributes", "with attributes", attributes),
  file("a/empty"),
  file("a/named twice", "twice", { uid: 3 }),
  directory("b"),
  opaque("b"),
  whiteout("b/gone"),
  hardlink("b/other name", "a/named twice", { uid: 3 }),
  directory("c"),
  file(`c/${"ä".repeat(60)}`),
  directory(`c/${"long".repeat(40)}`),
  file(`c/${"long".repeat(40)}/${"x".repeat(99)}`, "content"),
  ...Array.from({ length: 20 }, (_, i) => symlink(`d-${10 + i}`, "t".repeat(30 * i + 1))),
  fifo("e"),
  file("f", Buffer.alloc(5000, "f"), { gid: 5_000_000 }),
  device("block", "g", 7, 1),
  file("h", Buffer.alloc(3_000_000, "large")),
  ...Array.from({ length: 300 }, (_, i) => directory(`i-${100 + i}`)),
  file("last", "last"),
].sort((one, other) => comparePaths(one.path, other.path));

describe("patchLayer()", () => {
  const folder = mkdtempSync(join(tmpdir(), "tsbuild-patch-"));
  let count = 0;

  after(() => {
    rmSync(folder, { recursive: true });
  });

  function fresh(): string {
    const layer = join(folder, `${++count}`);
    mkdirSync(layer);
    return layer;
  }

  async function layerOf(entries: readonly Entry[]): Promise<string> {
    const layer = fresh();
    await writeLayer(entries, layer);
    return layer;
  }

  /**
   * Whether it can be done, one set of changes after the other; fails where what is then made is not what is written anew, or
   * changes what it is made from.
   */
  async function patches(
    before: readonly Entry[],
    ...edits: readonly (readonly Entry[])[]
  ): Promise<boolean> {
    let [layer, entries] = [await layerOf(before), before];
    for (const edit of edits) {
      const write = patchLayer(layer, await Promise.all(edit.map(known)));
      if (write === undefined) return false;
      const patched = fresh();
      const tar = await buffer(storedTar(layer));
      const measure = await write(patched);
      assert.isTrue((await buffer(storedTar(layer))).equals(tar), "its base has changed");
      rmSync(layer, { recursive: true });
      entries = edited(entries, edit);
      assert.deepStrictEqual(measure, await assertHolds(patched, entries));
      layer = patched;
    }
    rmSync(layer, { recursive: true });
    return true;
  }

  /** That it is what is made of these entries; answers what that measures. */
  async function assertHolds(layer: string, entries: readonly Entry[]): Promise<TarMeasure> {
    const anew = fresh();
    const { diffId, size } = await writeLayer(entries, anew);
    const [tar, want] = [await buffer(storedTar(layer)), await buffer(storedTar(anew))];
    assert.isTrue(tar.equals(want), "the tar is not the same");
    assert.deepStrictEqual(await indexed(layer), await indexed(anew));
    assert.deepStrictEqual(await inTar(layer), await inTar(anew));
    const find = layerContents(layer);
    for (const entry of treeChanges(new LayeredFiles([indexFiles(anew)]))) {
      if (entry.type !== "file" || entry.size === 0) continue;
      const content = find(entry.sha256 ?? "", entry.size);
      assert(content !== undefined, entry.path);
      const read = { ...entry, content, sha256: undefined };
      assert.strictEqual(await contentDigest(read), entry.sha256);
    }
    rmSync(anew, { recursive: true });
    return { diffId, size };
  }

  const possible: readonly { readonly name: string; readonly changes: readonly Entry[] }[] = [
    { name: "the first entry, the root", changes: [directory("", { mode: 0o755, mtime: 5 })] },
    { name: "the last file", changes: [file("last", "now longer than a block".repeat(50))] },
    {
      name: "two files, with one between that moves",
      changes: [file("f", "f"), file("last", "l")],
    },
    { name: "a file by one of the same size", changes: [file("last", "list")] },
    { name: "a small file by a large one", changes: [file("f", Buffer.alloc(2_500_000, "F"))] },
    { name: "a file with attributes", changes: [file("a/attributes", "now", attributes)] },
    { name: "a directory with attributes", changes: [directory("a", { ...attributes, uid: 1 })] },
    { name: "an opaque directory", changes: [directory("b", { mtime: 1 })] },
    { name: "an empty file", changes: [file("a/empty", "", { mode: 0o4755, mtime: -5 })] },
    { name: "an empty one with a name that is not ASCII", changes: [file(`c/${"ä".repeat(60)}`)] },
    { name: "a directory among many", changes: [directory("i-399", { mode: 0o1777 })] },
    {
      name: "headers of several blocks, more or fewer of them",
      changes: [
        file("a/attributes", "x", { ...attributes, uid: 2 ** 31 }),
        directory(`c/${"long".repeat(40)}`, { mtime: 2 ** 34 }),
        file("f", Buffer.alloc(1), { gid: 5 }),
      ],
    },
    {
      name: "all directories, and small files that have one name",
      changes: mixed.flatMap((entry): readonly Entry[] => {
        if (entry.type === "directory") return [{ ...entry, mtime: 7 }];
        return entry.type === "file" && entry.path !== "a/named twice" && entry.path !== "h"
          ? [{ ...entry, gid: 7 }]
          : [];
      }),
    },
  ];
  for (const { name, changes } of possible) {
    it(`makes what writing anew makes when it replaces ${name}`, async () => {
      assert.isTrue(await patches(mixed, changes));
    });
  }

  it("makes it again and again, until too much is of no use", async () => {
    const small = [file("a", Buffer.alloc(200_000)), file("b", "1"), file("c")];
    const edit = (i: number): readonly Entry[] => [
      file("b", Buffer.alloc(5000 + 300 * i, `${i}`)),
      file("c", "", { mtime: i }),
    ];
    const edits = Array.from({ length: 10 }, (_, i) => edit(i));
    assert.isTrue(await patches(small, ...edits.slice(0, 8)));
    assert.isFalse(await patches(small, ...edits));
  });

  describe("in a tar of several megabytes", () => {
    const piece = (name: string): Entry => file(name, Buffer.alloc(1_500_000, name));
    const large = [piece("a"), piece("b"), file("c", "1"), piece("d"), file("e", "1")];
    const edit = [file("e", "2")];

    async function patchedFrom(base: string, changes: readonly Entry[]): Promise<TarMeasure> {
      const write = patchLayer(base, await Promise.all(changes.map(known)));
      assert(write !== undefined);
      return await write(fresh());
    }

    it("makes what writing anew makes, edit upon edit", async () => {
      const now = [file("c", "longer".repeat(100)), file("e", "2")];
      assert.isTrue(await patches(large, edit, now, [file("c", "3")], [file("e", "3")]));
    });

    it("hashes only what comes behind the last state before the first change", async () => {
      const base = await layerOf(large);
      const want = await patchedFrom(base, edit);
      const tar = readFileSync(join(base, TAR_NAME));
      tar[1_000_000] = 0x78;
      writeFileSync(join(base, TAR_NAME), tar);
      assert.deepStrictEqual(await patchedFrom(base, edit), want);
      assert.notDeepEqual(await patchedFrom(base, [file("c", "2")]), want);
    });

    it("hashes all where the states are damaged, or are not there", async () => {
      const base = await layerOf(large);
      const want = await patchedFrom(base, edit);
      const path = join(base, INDEX_NAME);
      const index = readFileSync(path);
      const damaged = Buffer.from(index);
      damaged[index.byteLength - 50] = (index[index.byteLength - 50] ?? 0) ^ 1;
      for (const bytes of [damaged, index.subarray(0, -1), splitStates(index).image]) {
        writeFileSync(path, bytes);
        assert.deepStrictEqual(await patchedFrom(base, edit), want);
      }
    });
  });

  const impossible: readonly { readonly name: string; readonly changes: readonly Entry[] }[] = [
    { name: "nothing", changes: [] },
    { name: "most of the tar", changes: [file("h", "small")] },
    { name: "a file that becomes empty", changes: [file("last")] },
    { name: "a file that was empty", changes: [file("a/empty", "x")] },
    { name: "a file with several names", changes: [file("a/named twice", "thrice", { uid: 3 })] },
    { name: "another name of a file", changes: [file("b/other name", "twice", { uid: 3 })] },
    { name: "a file by a directory", changes: [directory("last")] },
    { name: "a directory by a file", changes: [file("a")] },
    { name: "a symlink", changes: [symlink("d-10", "other")] },
    { name: "a removal", changes: [file("b/gone", "back")] },
    { name: "what is not there", changes: [file("new", "new")] },
    { name: "what is in no directory", changes: [file("last/new", "new")] },
    { name: "attributes that come", changes: [file("last", "last", attributes)] },
    { name: "attributes that go", changes: [file("a/attributes", "without")] },
    { name: "the same twice", changes: [file("last", "1"), file("last", "2")] },
    { name: "entries out of order", changes: [file("last", "1"), file("f", "2")] },
  ];
  for (const { name, changes } of impossible) {
    it(`leaves ${name} to others`, async () => {
      assert.isFalse(await patches(mixed, changes));
    });
  }

  it("leaves no descriptor open where a part of the tar is gone", async () => {
    const base = await layerOf(mixed);
    const write = patchLayer(base, await Promise.all([file("last", "new")].map(known)));
    assert(write !== undefined);
    const patched = fresh();
    await write(patched);
    rmSync(join(patched, PATCH_NAME));
    const before = readdirSync("/proc/self/fd").length;
    assert.throws(() => new StoredTar(patched), "ENOENT");
    assert.lengthOf(readdirSync("/proc/self/fd"), before);
  });

  it("leaves a file whose digest nobody knows, and a root that is not listed, to others", async () => {
    const base = await layerOf(mixed);
    assert.isUndefined(patchLayer(base, [file("last", "unknown")]));
    assert.isFalse(await patches([file("a", "1")], [directory("")]));
  });

  it("copies the tar where a file cannot have another name", async () => {
    const { linkSync } = fs;
    let asked = 0;
    for (const code of ["EMLINK", "EOPNOTSUPP", "EPERM"]) {
      fs.linkSync = () => {
        asked++;
        throw Object.assign(new Error(code), { code });
      };
      syncBuiltinESMExports();
      try {
        const small = [file("a", Buffer.alloc(5000)), file("b", "1")];
        assert.isTrue(await patches(small, [file("b", "2")], [file("a", Buffer.alloc(6000))]));
      } finally {
        fs.linkSync = linkSync;
        syncBuiltinESMExports();
      }
    }
    assert.strictEqual(asked, 6);
  });

  it("takes what any filesystem takes of an entry", async () => {
    const label = new Map([["security.selinux", Buffer.from("label")]]);
    assert.isTrue(await patches(mixed, [file("last", "new", { xattrs: label })]));
  });

  it("does not take content for the member that it looks like", async () => {
    const member = directory("b");
    const lookalike = file("a", encodeHeaders(memberOf(member).header));
    assert.isTrue(await patches([lookalike, member], [directory("b", { mtime: 9 })]));
    const changes = [file("a0", "longer than it was"), directory("b", { mtime: 9 })];
    assert.isTrue(
      await patches([file("a0", "x"), { ...lookalike, path: "a1" as BytePath }, member], changes),
    );
  });

  it("makes what writing anew makes, of any tree, or says that it cannot", async () => {
    const sizes = fc.constantFrom(1, 511, 512, 513, 5000);
    const rights = fc.record({
      mode: fc.constantFrom(0o644, 0o4755),
      uid: fc.constantFrom(0, 7, 3_000_000),
      mtime: fc.constantFrom(1, -1, 2 ** 33),
    });
    const rarely = fc.oneof(
      { weight: 50, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.constant(true) },
    );
    const large = file("\x7f", Buffer.alloc(700_000, "large")); // that what is replaced is little
    const names = fc.stringMatching(/^[a-z]{1,3}$|^[!-~]{100,110}$/).filter((name) => {
      return !name.includes("/") && !name.startsWith(".");
    });
    const one = fc.record({
      name: names,
      before: fc.tuple(sizes, rights),
      now: fc.option(fc.tuple(sizes, rights), { freq: 2 }),
      later: fc.option(fc.tuple(sizes, rights), { freq: 2 }),
      isEmpty: fc.boolean(),
      isOdd: rarely, // empty before or now: one such is enough
      kind: fc.constantFrom("file", "file", "file", "directory", "symlink"),
      attributes: fc.boolean(),
    });
    const trees = fc.uniqueArray(one, { selector: ({ name }) => name, maxLength: 25 });
    const property = fc.asyncProperty(trees, async (items) => {
      const [before, now, later]: [Entry[], Entry[], Entry[]] = [[large], [], []];
      let canPatch = true;
      let parent = "";
      for (const item of items.sort((a, b) => comparePaths(a.name, b.name))) {
        const more = item.attributes ? attributes : {};
        const make = ([most, extra]: (typeof item)["before"], isEmpty: boolean): Entry => {
          const size = isEmpty ? 0 : most;
          const path = `${parent}${item.name}`;
          const rest = { ...extra, ...more };
          if (item.kind === "directory") return directory(path, rest);
          return file(path, Buffer.alloc(size, `${item.name}${size}`), rest);
        };
        if (item.kind === "symlink") {
          before.push(symlink(`${parent}${item.name}`, "t".repeat(item.before[0] % 600)));
          continue;
        }
        before.push(make(item.before, item.isEmpty));
        const isEmptyNow = item.isEmpty !== (item.now !== null && item.isOdd);
        if (item.now !== null) now.push(make(item.now, isEmptyNow));
        if (item.later !== null) later.push(make(item.later, isEmptyNow));
        if (item.kind === "file" && isEmptyNow !== item.isEmpty) canPatch = false;
        if (item.kind === "directory" && item.attributes) parent += `${item.name}/`;
      }
      for (const entries of [before, now, later])
        entries.sort((a, b) => comparePaths(a.path, b.path));
      assert.strictEqual(
        await patches(before, ...[now, later].filter(({ length }) => length > 0)),
        canPatch,
      );
    });
    await fc.assert(property, { numRuns: 40 });
  });

  it("does not take a tar for what its index does not describe", async () => {
    const changes = [await known(file("last", "new"))];
    const directories = [directory("i-200", { mtime: 3 })];
    const damage: readonly ((layer: string) => void)[] = [
      (layer) => {
        truncateSync(join(layer, TAR_NAME), 4096);
      },
      (layer) => {
        writeFileSync(join(layer, TAR_NAME), Buffer.alloc(512), { flag: "a" });
      },
      (layer) => {
        const tar = readFileSync(join(layer, TAR_NAME));
        for (const name of ["last\0", "i-200/\0"]) tar[tar.indexOf(name)] = 0x78;
        writeFileSync(join(layer, TAR_NAME), tar);
      },
    ];
    for (const spoil of damage) {
      const layer = await layerOf(mixed);
      spoil(layer);
      assert.isUndefined(patchLayer(layer, changes));
      assert.isUndefined(patchLayer(layer, directories));
    }
  });

  it("does not take an index from before digests were kept", async () => {
    const layer = await layerOf([file("a", "1"), file("b", "2")]);
    const index = readFileSync(join(layer, INDEX_NAME));
    truncateSync(join(layer, INDEX_NAME), index.byteLength - 64);
    assert.isUndefined(patchLayer(layer, [await known(file("a", "new"))]));
  });

  it("fails as writing anew does where a file is not what it was", async () => {
    const path = join(folder, "source");
    writeFileSync(path, "longer than it was");
    const content = { kind: "file", path: path as BytePath, offset: 0 } as const;
    const changed: Entry = { ...(await known(file("last", "it was"))), content } as Entry;
    const layer = await layerOf(mixed);
    const write = patchLayer(layer, [changed]);
    const messages = await Promise.all(
      [write?.(fresh()), writeLayer([changed], fresh())].map(async (writing) => {
        return await Promise.resolve(writing).then(
          () => "no failure",
          (error: unknown) => String(error),
        );
      }),
    );
    assert.include(messages[0], "it no longer has 6 bytes");
    assert.strictEqual(messages[0], messages[1]);
  });

  it("stops when told to, and holds nothing open", async () => {
    const before = readdirSync("/proc/self/fd").length;
    const reason = new Error("stop");
    const write = patchLayer(await layerOf(mixed), [await known(file("last", "new"))]);
    const error = await write?.(fresh(), AbortSignal.abort(reason)).catch((e: unknown) => e);
    assert.strictEqual(error, reason);
    assert.strictEqual(readdirSync("/proc/self/fd").length, before);
  });
});
