import { assert } from "chai";
import fc from "fast-check";
import type { BytePath, Entry, FileEntry } from "../../src/oci/changeset.js";
import { EntryStore, rowsOf, StoredEntries } from "../../src/oci/entry-store.js";
import { FileRow } from "../../src/oci/file-row.js";

const name = fc.stringMatching(/^[a-z.é]{1,14}$/);
const path = fc.array(name, { maxLength: 4 }).map((names) => names.join("/") as BytePath);
const sha256 = fc.stringMatching(/^[0-9a-f]{64}$/);

const version = fc.record({ inode: fc.nat(2 ** 40), ctimeMs: fc.double(), settled: fc.boolean() });

/** Under the name of the file, as in a context, or any other, as in a tar. */
const contentPath = fc.oneof(
  fc.record({ directory: path, isSame: fc.constant(true) }),
  fc.record({ directory: path, isSame: fc.constant(false) }),
);

const file = fc
  .record({
    path,
    where: contentPath,
    mode: fc.nat(0o7777),
    uid: fc.nat(2 ** 32 - 1),
    gid: fc.nat(2 ** 32 - 1),
    mtime: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
    size: fc.nat(2 ** 45),
    offset: fc.nat(2 ** 45),
    version: fc.option(version, { nil: undefined }),
    sha256: fc.option(sha256, { nil: undefined }),
    attributes: fc.constantFrom({}, { xattrs: new Map([["user.a", Buffer.from("b")]]) }),
  })
  .map(({ where, offset, version, attributes, ...rest }): FileEntry => {
    const content = where.isSame ? `/${where.directory}/${rest.path}` : `/${where.directory}`;
    return {
      type: "file",
      ...rest,
      ...attributes,
      content: { kind: "file", path: content as BytePath, offset, version },
    };
  });

const link = path.map((target): Entry => ({
  type: "symlink",
  path: "l" as BytePath,
  target,
  mode: 0o777,
  uid: 0,
  gid: 0,
  mtime: 0,
}));

/** What is to be told of it. */
function rowOrEntry(entry: Entry): unknown {
  if (entry.type !== "file" || entry.xattrs !== undefined || entry.sha256 === undefined)
    return entry;
  const { path, mode, uid, gid, size, sha256 } = entry;
  const nameStart = path.lastIndexOf("/") + 1;
  const [directory, name] = [path.slice(0, nameStart), path.slice(nameStart)];
  return { path, directory, name, mode, uid, gid, size, sha256 };
}

describe("EntryStore", () => {
  it("gives back what was added, in any order, block by block", () => {
    const entries = fc.array(
      fc.oneof({ weight: 9, arbitrary: file }, { weight: 1, arbitrary: link }),
      {
        minLength: 1,
        maxLength: 40,
      },
    );
    fc.assert(
      fc.property(entries, fc.constantFrom(1, 1024, 1100, 2048), (some, count) => {
        const store = new EntryStore();
        const all = Array.from({ length: count }, (_, i) => some[i % some.length] ?? some[0]);
        const added = all.flatMap((entry) => (entry === undefined ? [] : [entry]));
        const numbers = added.map((entry) => store.add(entry));
        assert.deepStrictEqual([...new StoredEntries(store, numbers)], added);
        const backwards = new StoredEntries(store, numbers.toReversed());
        assert.deepStrictEqual([...backwards], added.toReversed());
        assert.strictEqual(backwards.length, count);
      }),
      { numRuns: 40 },
    );
  });

  it("takes in later what the content of a file is", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(file, sha256, fc.boolean()), { minLength: 1, maxLength: 20 }),
        fc.constantFrom(1, 60),
        (some, times) => {
          const store = new EntryStore();
          const late = Array.from({ length: times }, () => some).flat();
          const plain = late.filter(([{ xattrs }]) => xattrs === undefined);
          const numbers = plain.map(([{ content, ...rest }]) =>
            store.add({ ...rest, content, sha256: undefined }),
          );
          const spool = { kind: "file", path: "/spool" as BytePath } as const;
          const settled = plain.map(([entry, found, isKept], i) => {
            const kept = { ...spool, offset: i, version: undefined };
            const number = numbers[i] ?? 0;
            assert.isUndefined((store.get(number) as FileEntry).sha256);
            store.settle(number, Buffer.from(found, "hex"), isKept ? kept : undefined);
            return { ...entry, sha256: found, content: isKept ? kept : entry.content };
          });
          assert.deepStrictEqual([...new StoredEntries(store, numbers)], settled);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("tells of plain files with a digest in rows, and gives all others", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(file, link), { minLength: 1, maxLength: 20 }),
        fc.constantFrom(1, 60),
        (some, times) => {
          const store = new EntryStore();
          const added = Array.from({ length: times }, () => some).flat();
          const numbers = added.map((entry) => store.add(entry));
          const told: unknown[] = [];
          for (const one of rowsOf(new StoredEntries(store, numbers)))
            told.push(one instanceof FileRow ? Object.assign({ path: one.path }, one) : one);
          assert.deepStrictEqual(told, added.map(rowOrEntry));
        },
      ),
      { numRuns: 40 },
    );
  });

  it("gives back what is added between two reads", () => {
    const store = new EntryStore();
    const [first, second] = fc.sample(file, 2);
    if (first === undefined || second === undefined) throw new Error("no sample");
    const one = store.add(first);
    assert.deepStrictEqual(store.get(one), first);
    const two = store.add(second);
    assert.deepStrictEqual([store.get(two), store.get(one)], [second, first]);
  });
});
