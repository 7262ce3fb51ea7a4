import { assert } from "chai";
import fc from "fast-check";
import { digestOf } from "../../src/oci/digest.js";
import { Database } from "../../src/store/database.js";
import { prune } from "../../src/store/garbage.js";
import { Tally } from "../../src/store/tally.js";
import { addedUp, oneFile, openTestStore, TemporaryDirectory, temporaryStore } from "./fixture.js";

interface Change {
  readonly table: string;
  readonly key: string;
  /** Undefined removes the entry. */
  readonly size: number | undefined;
}

const change: fc.Arbitrary<Change> = fc.record({
  table: fc.constantFrom("layers", "downloads"),
  key: fc.constantFrom("a", "b", "c"),
  size: fc.option(fc.nat(1000), { nil: undefined }),
});
const transaction = fc.record({
  kind: fc.constantFrom("alone", "together", "fails"),
  changes: fc.array(change, { maxLength: 5 }),
});

describe("Tally", () => {
  it("is the sum of all entries, whatever was written, replaced, removed or taken back", async () => {
    await using directory = await TemporaryDirectory.make();
    await using database = await Database.create(directory.path);
    const tally = new Tally(database);
    const names = ["layers", "downloads"];
    const tables = new Map(names.map((name) => [name, tally.table<number>(name, (size) => size)]));
    const apply = ({ table, key, size }: Change): void => {
      if (size === undefined) tables.get(table)?.remove(key);
      else tables.get(table)?.put(key, size);
    };
    const property = fc.asyncProperty(fc.array(transaction), async (transactions) => {
      for (const { kind, changes } of transactions) {
        if (kind === "alone") changes.forEach(apply);
        else {
          const written = database.transaction(() => {
            changes.forEach(apply);
            if (kind === "fails") throw new Error("no");
          });
          await written.catch(() => undefined);
        }
      }
      const entries = [...tables.values()].flatMap((table) => table.entries());
      assert.strictEqual(
        tally.total(),
        entries.reduce((sum, [, size]) => sum + size, 0),
      );
    });
    await fc.assert(property, { numRuns: 40 });
  });

  it("counts layers, their blobs, downloads and cache mounts, and what a prune takes away", async () => {
    await using store = await temporaryStore();
    await using draft = await store.snapshotter.ingest(oneFile("one"));
    const { diffId, size } = await store.layers.adopt(draft, { origin: "built" });
    assert.strictEqual(store.tally.total(), size);
    const blob = await store.blobs.writeWhole(Buffer.from("a blob"));
    store.layerBytes.keepOriginal(diffId, { mediaType: "application/x-tar", ...blob });
    const body = await store.blobs.writeWhole(Buffer.from("a download"));
    const download = { ...body, etag: undefined, lastModified: undefined };
    await store.downloads.put("http://localhost/x", download);
    assert.strictEqual(store.tally.total(), size + 6 + 10);
    assert.strictEqual(store.tally.total(), addedUp(store));
    await prune(store, { all: true });
    assert.strictEqual(store.tally.total(), 0);
  });

  it("reads no entry for the total, however many there are", async () => {
    await using directory = await TemporaryDirectory.make();
    await using database = await Database.create(directory.path);
    const tally = new Tally(database);
    let asked = 0;
    const table = tally.table<number>("layers", (size) => {
      asked++;
      return size;
    });
    for (let i = 0; i < 100; i++) table.put(`${i}`, i);
    asked = 0;
    assert.strictEqual(tally.total(), 4950);
    assert.strictEqual(asked, 0);
    table.put("100", 50);
    assert.isAtMost(asked, 2, "of what comes, only its own");
    assert.strictEqual(tally.total(), 5000);
  });

  it("of a store that kept no sums begins with what is there, and a wrong one is put right", async () => {
    await using directory = await TemporaryDirectory.make();
    await using store = await openTestStore(directory.path);
    const id = digestOf(Buffer.from("a layer"));
    store.database.table("layers").put("one", { id, size: 100 }); // as an earlier tsbuild writes
    assert.strictEqual(store.tally.total(), 100);
    const blob = { mediaType: "application/x-tar", digest: id, size: 5 };
    store.layerBytes.keepOriginal(id, blob);
    store.database.table("layer-blobs").put(`${id} other`, { ...blob, size: 7 });
    assert.strictEqual(store.tally.total(), 105);
    store.tally.recount();
    assert.strictEqual(store.tally.total(), 112);
  });
});
