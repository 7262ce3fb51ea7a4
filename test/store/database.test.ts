import { assert } from "chai";
import { setImmediate, setTimeout } from "node:timers/promises";
import { openTestStore, TemporaryDirectory } from "./fixture.js";

describe("Database", () => {
  it("soon() writes together what is given shortly one after the other, in order", async () => {
    await using directory = await TemporaryDirectory.make();
    await using store = await openTestStore(directory.path);
    const { database } = store;
    const table = database.table<string>("names");
    const first = database.soon(() => {
      table.put("a", "1");
    });
    const second = database.soon(() => {
      table.put("b", `${table.get("a") ?? "nothing"}2`);
    });
    assert.isUndefined(table.get("a"));
    assert.strictEqual(first, second);
    await second;
    assert.deepStrictEqual(table.entries(), [
      ["a", "1"],
      ["b", "12"],
    ]);
  });

  it("soon() waits for more as long as more comes, but not for ever", async () => {
    await using directory = await TemporaryDirectory.make();
    await using store = await openTestStore(directory.path);
    const { database } = store;
    const table = database.table<string>("names");
    for (let count = 0; table.entries().length === 0; count++) {
      void database.soon(() => {
        table.put(`${count}`, "");
      });
      await setTimeout(5);
    }
    assert.isAbove(table.entries().length, 1);
  });

  it("soon() writes all or nothing, and tells everyone", async () => {
    await using directory = await TemporaryDirectory.make();
    await using store = await openTestStore(directory.path);
    const { database } = store;
    const table = database.table<string>("names");
    const writes = [
      database.soon(() => {
        table.put("a", "1");
      }),
      database.soon(() => {
        throw new Error("no");
      }),
    ];
    const results = await Promise.allSettled(writes);
    assert.deepStrictEqual(
      results.map(({ status }) => status),
      ["rejected", "rejected"],
    );
    assert.deepStrictEqual(table.entries(), []);
  });

  it("flush() ends the waiting of what is there, and hurry() that of all that comes", async () => {
    await using directory = await TemporaryDirectory.make();
    await using store = await openTestStore(directory.path);
    const { database } = store;
    const table = database.table<string>("names");
    const put = (name: string): Promise<void> =>
      database.soon(() => {
        table.put(name, "");
      });
    const names = (): readonly string[] => table.entries().map(([name]) => name);
    void put("a");
    database.flush();
    await setImmediate();
    assert.deepStrictEqual(names(), ["a"]);
    void put("b");
    await setImmediate();
    assert.deepStrictEqual(names(), ["a"], "waits for company again");
    database.hurry();
    await setImmediate();
    assert.deepStrictEqual(names(), ["a", "b"]);
    void put("c");
    await setImmediate();
    assert.deepStrictEqual(names(), ["a", "b", "c"]);
  });

  it("writes what is waiting when it closes", async () => {
    await using directory = await TemporaryDirectory.make();
    {
      await using store = await openTestStore(directory.path);
      void store.database.soon(() => {
        store.database.table<string>("names").put("a", "1");
      });
    }
    await using store = await openTestStore(directory.path);
    assert.strictEqual(store.database.table<string>("names").get("a"), "1");
  });

  it("closes though what was waiting cannot be written, which is told to who wrote it", async () => {
    await using directory = await TemporaryDirectory.make();
    await using store = await openTestStore(directory.path);
    const writing = store.database.soon(() => {
      throw new Error("no");
    });
    const [written, closed] = await Promise.allSettled([writing, store.close()]);
    assert.deepStrictEqual([written.status, closed.status], ["rejected", "fulfilled"]);
    assert.throws(() => store.database.table("names"));
  });
});
