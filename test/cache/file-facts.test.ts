import { deflateRawSync, inflateRawSync } from "node:zlib";
import { assert } from "chai";
import fc from "fast-check";
import { fileChanges } from "../../src/cache/file-changes.js";
import { changeText } from "../../src/cache/reason.js";
import {
  factsIn,
  factsOf,
  factsWith,
  packFacts,
  unpackFacts,
  type FileFacts,
} from "../../src/cache/file-facts.js";
import type { StateKey } from "../../src/cache/key.js";
import type { SelectedSource } from "../../src/context/source-tree.js";
import { toBytePath, type BytePath, type Entry, type FileEntry } from "../../src/oci/changeset.js";
import { directory, plainFile, stored, symlink } from "../oci/entries.js";

const origin = "origin" as StateKey;
const all = { owner: true, mode: true };

function file(path: string, change: Partial<FileEntry> = {}): FileEntry {
  const bytes = Buffer.from(path);
  return {
    type: "file",
    path: toBytePath(path),
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: 1,
    size: bytes.length,
    content: { kind: "bytes", bytes },
    sha256: bytes.toString("hex").padEnd(64, "0"),
    ...change,
  };
}

function select(entries: readonly Entry[]): readonly SelectedSource[] {
  const path = toBytePath("src");
  return [{ name: path, path, entries, implied: new Set() }];
}

function facts(entries: readonly Entry[], counted = all): FileFacts {
  return Buffer.concat([...(factsOf(select(entries), counted) ?? [])]);
}

describe("factsOf()", () => {
  const trees: Record<string, readonly Entry[]> = {
    tree: [
      directory(""),
      plainFile("a"),
      directory("b"),
      plainFile("b/c", { uid: 5 }),
      symlink("l", "a"),
    ],
    file: [plainFile("")],
    link: [symlink("", "a")],
    "empty directory": [directory("")],
    "file without a digest": [directory(""), plainFile("a", { sha256: undefined })],
  };
  for (const [name, entries] of Object.entries(trees)) {
    for (const counted of [all, { owner: false, mode: false }])
      it(`is the same of what is kept in columns: a ${name}, ${JSON.stringify(counted)}`, () => {
        const [source] = select(entries);
        if (source === undefined) throw new Error("nothing selected");
        const made = factsOf([{ ...source, entries: stored(entries) }], counted) ?? [];
        assert.deepStrictEqual(Buffer.concat([...made]), facts(entries, counted));
      });
  }
});

describe("fileChanges()", () => {
  const capability = new Map([["security.capability", Buffer.from([1])]]);
  const cases: readonly (readonly [FileEntry, ...string[]])[] = [
    [file("a")],
    [file("a", { mtime: 2 })],
    [file("a", { sha256: "f".repeat(64) }), "src/a changed"],
    [file("a", { sha256: "f".repeat(64), mode: 0o755 }), "src/a changed"],
    [file("a", { mode: 0o755 }), "mode of src/a changed from 0644 to 0755"],
    [file("a", { uid: 7 }), "owner of src/a changed from 0:0 to 7:0"],
    [file("a", { gid: 7 }), "owner of src/a changed from 0:0 to 0:7"],
    [file("a", { xattrs: capability }), "attributes of src/a changed"],
    [file("b"), "src/b added", "src/a deleted"],
    [file("b", { sha256: file("a").sha256 }), "src/a renamed to src/b"],
  ];
  for (const [now, ...texts] of cases) {
    it(`says ${texts.length === 0 ? "nothing" : `"${texts.join(", ")}"`}`, () => {
      const changes = fileChanges(facts([file("a")]), facts([now]));
      assert.deepStrictEqual(changes.first.map(changeText), texts);
      assert.strictEqual(changes.count, texts.length);
    });
  }

  it("does not count what flags replace", () => {
    const changed = [file("a", { mode: 0o700, uid: 3 })];
    const counted = { owner: false, mode: false };
    assert.strictEqual(fileChanges(facts([file("a")], counted), facts(changed, counted)).count, 0);
  });

  it("gives each new name a file of its own that was renamed", () => {
    const content = { sha256: "0".repeat(64) };
    const before = facts(["a", "b", "c"].map((name) => file(name, content)));
    const now = facts(["d", "e"].map((name) => file(name, content)));
    const texts = fileChanges(before, now).first.map(changeText);
    assert.deepStrictEqual(texts, [
      "src/a renamed to src/d",
      "src/b renamed to src/e",
      "src/c deleted",
    ]);
  });

  it("finds one change among 50,000 files, and 50,000 changes", () => {
    const many = (salt: string): readonly FileEntry[] =>
      Array.from({ length: 50_000 }, (_, i) => file(`f${i}`, { sha256: `${salt}${i}`.padEnd(16) }));
    const one = many("1");
    const { first, count } = fileChanges(facts(one), facts(many("2")));
    assert.lengthOf(first, 50);
    assert.strictEqual(count, 50_000);
    const changed = one.with(7, file("f7"));
    assert.deepStrictEqual(fileChanges(facts(one), facts(changed)), {
      first: [{ what: "src/f7", how: "changed" }],
      count: 1,
      areMoves: false,
    });
  });

  it("takes a file that two sources name for one", () => {
    const changed = file("a", { sha256: "f".repeat(64) });
    const sources = (...files: readonly FileEntry[]): FileFacts => {
      const selected = files.flatMap((entry) => [...select([entry]), ...select([entry])]);
      return Buffer.concat([...(factsOf(selected, all) ?? [])]);
    };
    assert.deepStrictEqual(sources(file("a"), file("b")), facts([file("a"), file("b")]));
    const listedTwice = facts([file("a"), file("b"), file("a")]); // by earlier versions
    for (const before of [sources(file("a"), file("b")), listedTwice]) {
      const changes = fileChanges(before, sources(changed, file("b")));
      assert.deepStrictEqual(changes.first.map(changeText), ["src/a changed"]);
      assert.strictEqual(changes.count, 1);
    }
  });

  it("pairs files in whatever order they come", () => {
    const names = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e", "f", "g"));
    fc.assert(
      fc.property(names, names, (old, own) => {
        const versions = (paths: readonly string[], salt: number): FileFacts =>
          facts(paths.map((path) => file(path, { sha256: digestLike(salt) })));
        const changes = fileChanges(versions(old, 1), versions(own, 2)).first.map(changeText);
        const expected = [
          ...own.map((path) => `src/${path} ${old.includes(path) ? "changed" : "added"}`),
          ...old.filter((path) => !own.includes(path)).map((path) => `src/${path} deleted`),
        ];
        assert.sameMembers(changes, expected);
      }),
    );
  });

  it("finds the same changes wherever they are among files that are the same", () => {
    const names = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e", "f"));
    const sides = fc.array(fc.constantFrom("before", "now", "both", "changed"), {
      minLength: 10,
      maxLength: 10,
    });
    fc.assert(
      fc.property(names, sides, fc.constantFrom(0, 1, 100), (all, where, others) => {
        const around = Array.from({ length: others }, (_, i) => file(`same-${i}`));
        const listed = (side: string): readonly FileEntry[] => {
          const own = all.flatMap((name, i) => {
            const at = where[i] ?? "both";
            if (at !== side && at !== "both" && at !== "changed") return [];
            return file(
              `${name}-`,
              at === "changed" ? { sha256: digestLike(i + side.length) } : {},
            );
          });
          return [...around, ...own, ...around.map(({ path }) => file(`${path}-after`))];
        };
        const [before, now] = [listed("before"), listed("now")];
        const changes = fileChanges(facts(before), facts(now)).first.map(changeText);
        const expected = (at: string): number => all.filter((_, i) => where[i] === at).length;
        const counted = (end: string): number =>
          changes.filter((text) => text.endsWith(end)).length;
        assert.strictEqual(counted("changed"), expected("changed"));
        assert.strictEqual(counted("added"), expected("now"));
        assert.strictEqual(counted("deleted"), expected("before"));
      }),
    );
  });
});

const bytes = fc
  .uint8Array({ minLength: 1, maxLength: 30 })
  .map((array) => array.map((byte) => byte || 1))
  .map((array) => Buffer.from(array).toString("latin1") as BytePath);

describe("factsWith()", () => {
  const path = toBytePath("src");

  it("makes what factsOf() makes of all, whatever names files have", () => {
    const names = fc.uniqueArray(fc.oneof(bytes, fc.constantFrom("a", "b/a", "src/a", "file")));
    fc.assert(
      fc.property(names, fc.infiniteStream(fc.boolean()), (paths, choices) => {
        const before = paths.map((name) => ({ ...file("x"), path: name as BytePath }));
        const edited = before.filter(() => choices.next().value === true);
        const change = { sha256: digestLike(1), mode: 0o755 };
        const now = before.map((entry) =>
          edited.includes(entry) ? { ...entry, ...change } : entry,
        );
        const changed = now.filter((entry) => !before.includes(entry));
        assert.deepStrictEqual(factsWith(facts(before), path, changed, all), facts(now));
      }),
    );
  });

  it("leaves what is not there, or comes too late, to others", () => {
    const before = facts([file("a"), file("b")]);
    assert.isUndefined(factsWith(before, path, [file("c")], all));
    assert.isUndefined(factsWith(before, path, [file("b"), file("a")], all));
    assert.isUndefined(factsWith(before, toBytePath("a"), [file("b")], all));
    const directory = { ...file("x"), type: "directory", path: toBytePath("") } as const;
    assert.deepStrictEqual(factsWith(before, path, [directory], all), before);
  });
});

describe("packFacts()", () => {
  it("keeps whatever names files have", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(bytes), async (names) => {
        const made = facts(names.map((path) => ({ ...file("x"), path })));
        const unpacked = await unpackFacts(origin, await packFacts(origin, made));
        assert.deepStrictEqual(unpacked, made);
        assert.deepStrictEqual(
          Array.from(factsIn(made), ([path]) => path),
          names.map((name) => `src/${name}`),
        );
      }),
    );
  });

  it("tells those of another selection, and what is damaged", async () => {
    const packed = await packFacts(origin, facts([file("a")]));
    assert.isUndefined(await unpackFacts("other", packed));
    assert.isUndefined(await unpackFacts(origin, packed.subarray(0, 5)));
    assert.isUndefined(await unpackFacts(origin, new Uint8Array()));
  });

  it("is raw DEFLATE, of few files and of many", async () => {
    for (const count of [1, 1000]) {
      const made = facts(Array.from({ length: count }, (_, i) => file(`f${i}`)));
      const packed = await packFacts(origin, made);
      const unpacked = inflateRawSync(packed);
      assert.deepStrictEqual(unpacked.subarray(unpacked.byteLength - made.byteLength), made);
      assert.deepStrictEqual(await unpackFacts(origin, deflateRawSync(unpacked)), made);
    }
  });

  it("takes less than 40 bytes for each of 50,000 files", async () => {
    const names = Array.from({ length: 50_000 }, (_, i) => `packages/p${i % 100}/lib/file-${i}.js`);
    const entries = names.map((name, i) => file(name, { sha256: digestLike(i) }));
    const packed = await packFacts(origin, facts(entries));
    assert.isBelow(packed.byteLength, 50_000 * 40);
  });

  it("keeps nothing of more files than are worth it", () => {
    const entries = Array.from({ length: 250_001 }, (_, i) => file(`f${i}`));
    assert.isUndefined(factsOf(select(entries), all));
    assert.lengthOf([...factsIn(facts(entries.slice(1)))], 250_000);
  });
});

/** Digits without a pattern. */
function digestLike(i: number): string {
  const part = (salt: number): string =>
    Math.imul(i + salt, 0x9e3779b1 ^ (salt << 13))
      .toString(16)
      .replace("-", "f")
      .padStart(8, "0");
  return part(1) + part(77);
}
