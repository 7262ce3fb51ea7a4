import { assert } from "chai";
import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PackedFileIndex } from "../../src/cache/file-index.js";
import { openDirectoryContext } from "../../src/context/directory-context.js";
import { digestOf, hexOf } from "../../src/oci/digest.js";
import { FileStat } from "../../src/sys/file-stat.js";
import { directoryWith, temporaryDirectory } from "../context/temporary.js";

const temporary = temporaryDirectory();
const sha256 = hexOf(digestOf("x"));
const day = 86_400_000;

/** A clock that is far enough ahead for every file to be settled. */
function later(ms = 60_000): () => number {
  return () => Date.now() + ms;
}

function statOf(path: string): FileStat {
  const stat = new FileStat();
  assert.isTrue(stat.lstat(path));
  return stat;
}

function file(content = "x"): string {
  return join(directoryWith(temporary, { f: content }), "f");
}

async function savedWith(path: string, now = later()): Promise<Uint8Array> {
  const index = await PackedFileIndex.load(undefined, now);
  index.record(statOf(path), sha256);
  const bytes = index.save();
  assert.isDefined(bytes);
  return bytes;
}

describe("PackedFileIndex", () => {
  it("remembers a digest over save and load", async () => {
    const path = file();
    const index = await PackedFileIndex.load(await savedWith(path), later());
    assert.strictEqual(index.lookup(statOf(path)), sha256);
    assert.isUndefined(index.lookup(statOf(file())));
  });

  it("has nothing to save when nothing changed", async () => {
    const path = file();
    const saved = await savedWith(path);
    const index = await PackedFileIndex.load(saved, later());
    index.lookup(statOf(path));
    assert.isUndefined(index.save());
    assert.isUndefined((await PackedFileIndex.load(undefined)).save());
  });

  const changes: readonly { name: string; change: (path: string) => void }[] = [
    {
      name: "its content",
      change: (path) => {
        writeFileSync(path, "y");
      },
    },
    {
      name: "its size",
      change: (path) => {
        writeFileSync(path, "yy");
      },
    },
    {
      name: "its mtime",
      change: (path) => {
        utimesSync(path, 1, 1);
      },
    },
    { name: "its mtime, set back", change: setBack },
  ];
  for (const { name, change } of changes) {
    it(`misses a file after a change of ${name}`, async () => {
      const path = file();
      const index = await PackedFileIndex.load(await savedWith(path), later());
      await sleep(50); // until a change shows in the times
      change(path);
      assert.isUndefined(index.lookup(statOf(path)));
    });
  }

  it("does not trust a file as new as the scan", async () => {
    const path = file();
    const changed = Math.floor(statOf(path).ctimeMilliseconds);
    for (const [age, trusted] of [
      [0, false],
      [5, false],
      [5000, true],
    ] as const) {
      const index = await PackedFileIndex.load(undefined, () => changed + age);
      index.record(statOf(path), sha256);
      assert.strictEqual(index.lookup(statOf(path)) === sha256, trusted, `${age} ms`);
    }
  });

  it("does not trust a file whose mtime lies ahead", async () => {
    const path = file();
    utimesSync(path, Date.now() / 1000 + 3600, Date.now() / 1000 + 3600);
    const index = await PackedFileIndex.load(undefined, later());
    index.record(statOf(path), sha256);
    assert.isUndefined(index.lookup(statOf(path)));
  });

  it("counts anything torn or unknown as empty", async () => {
    const path = file();
    const good = await savedWith(path);
    const torn = [
      new Uint8Array(),
      Buffer.from("nonsense"),
      good.subarray(0, good.length - 48),
      good.with(0, 0x20),
      good.with(30, (good[30] ?? 0) ^ 1),
      good.with(good.length - 1, 1),
    ];
    for (const bytes of torn) {
      const index = await PackedFileIndex.load(bytes, later());
      assert.isUndefined(index.lookup(statOf(path)));
    }
  });

  it("forgets what no build asked for, and keeps what one did", async () => {
    const [used, unused] = [file(), file()];
    const first = await PackedFileIndex.load(undefined, later());
    first.record(statOf(used), sha256);
    first.record(statOf(unused), sha256);
    const second = await PackedFileIndex.load(first.save(), later(10 * day));
    assert.strictEqual(second.lookup(statOf(used)), sha256);
    const third = await PackedFileIndex.load(second.save(), later(20 * day));
    third.record(statOf(file()), sha256);
    const fourth = await PackedFileIndex.load(third.save(), later(20 * day));
    assert.strictEqual(fourth.lookup(statOf(used)), sha256);
    assert.isUndefined(fourth.lookup(statOf(unused)));
  });

  it("takes no more room for files that change again and again", async () => {
    const paths = Array.from({ length: 600 }, () => file());
    let bytes: Uint8Array | undefined;
    for (let turn = 0; turn < 5; turn++) {
      const index = await PackedFileIndex.load(bytes, later(1e9 * (turn + 1)));
      for (const path of paths) utimesSync(path, turn, turn);
      for (const path of paths) index.record(statOf(path), sha256);
      const before = bytes?.byteLength;
      bytes = index.save();
      assert.strictEqual(bytes?.byteLength, before ?? bytes?.byteLength);
      const next = await PackedFileIndex.load(bytes, later());
      for (const path of paths) assert.strictEqual(next.lookup(statOf(path)), sha256);
    }
  });

  it("grows, and finds every one of 5,000 files", async () => {
    const layout = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`f${i}`, ""]));
    const root = directoryWith(temporary, layout);
    const digest = (i: number): string => i.toString(16).padStart(64, "0");
    const index = await PackedFileIndex.load(undefined, later());
    for (let i = 0; i < 5000; i++) index.record(statOf(join(root, `f${i}`)), digest(i));
    const loaded = await PackedFileIndex.load(index.save(), later());
    for (let i = 0; i < 5000; i++) {
      assert.strictEqual(loaded.lookup(statOf(join(root, `f${i}`))), digest(i));
    }
  });

  it("spares a second scan of a context every read", async () => {
    const root = directoryWith(temporary, { a: "1", "b/c": "2", large: "x".repeat(1_000_000) });
    const first = await PackedFileIndex.load(undefined, later());
    const tree = await openDirectoryContext({
      root,
      ignore: undefined,
      index: () => Promise.resolve(first),
    });
    const before = await tree.select(".");
    const second = await PackedFileIndex.load(first.save(), later());
    const recorded: string[] = [];
    const index = {
      lookup: (stat: FileStat) => second.lookup(stat),
      record: (_: FileStat, digest: string) => void recorded.push(digest),
      reserve: () => 0,
      settle: (_: number, digest: Uint8Array) =>
        void recorded.push(Buffer.from(digest).toString("hex")),
    };
    const again = await openDirectoryContext({
      root,
      ignore: undefined,
      index: () => Promise.resolve(index),
    });
    const digests = (selected: typeof before): readonly unknown[] =>
      selected.flatMap(({ entries }) =>
        Array.from(entries, (entry) => [entry.path, entry.type === "file" && entry.sha256]),
      );
    assert.deepStrictEqual(digests(await again.select(".")), digests(before));
    assert.deepStrictEqual(recorded, []);
  });
});

/** Changes the content, and hides that by setting the times back. */
function setBack(path: string): void {
  const seconds = statOf(path).mtimeMilliseconds / 1000;
  writeFileSync(path, "y");
  utimesSync(path, seconds, seconds);
}
