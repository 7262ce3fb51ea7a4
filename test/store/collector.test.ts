import { assert } from "chai";
import type { CollectorOptions } from "../../src/store/collector.js";
import { listItems } from "../../src/store/disk-items.js";
import type { SpaceLimits } from "../../src/store/eviction.js";
import type { LayerRecord } from "../../src/store/layers.js";
import type { Store } from "../../src/store/store.js";
import { oneFile, openTestStore, TemporaryDirectory } from "./fixture.js";

/** A layer tar of 20 kB. */
async function build(store: Store, text: string): Promise<LayerRecord> {
  await using draft = await store.snapshotter.ingest(oneFile(text.padEnd(18_000, ".")));
  return await store.layers.adopt(draft, { origin: "built" });
}

function collecting(limits: ReturnType<CollectorOptions["limits"]>): CollectorOptions {
  return {
    limits: () => limits,
    warn: (error) => {
      throw error;
    },
  };
}

async function sizeOf(store: Store): Promise<number> {
  return (await listItems(store)).reduce((sum, { size }) => sum + size, 0);
}

describe("Collector", () => {
  it("K28 holds the limit from build to build", async () => {
    await using directory = await TemporaryDirectory.make();
    const limit = 100_000;
    for (let turn = 0; turn < 12; turn++) {
      const store = await openTestStore(directory.path, Date.now, collecting({ maxUsed: limit }));
      await build(store, `turn ${turn}`);
      await store.close();
      await using after = await openTestStore(directory.path);
      assert.isAtMost(await sizeOf(after), limit);
    }
    await using store = await openTestStore(directory.path);
    assert.isAtLeast(store.layers.list().length, 4, "no more went than had to");
  });

  it("K28 holds it while a build runs, and keeps what that one uses", async () => {
    await using directory = await TemporaryDirectory.make();
    const limit = 100_000;
    {
      await using earlier = await openTestStore(directory.path);
      for (let i = 0; i < 4; i++) await build(earlier, `earlier ${i}`);
    }
    await using store = await openTestStore(
      directory.path,
      Date.now,
      collecting({ maxUsed: limit }),
    );
    const own: LayerRecord[] = [];
    for (let i = 0; i < 4; i++) {
      own.push(await build(store, `own ${i}`));
      await store.collected();
      assert.isAtMost(await sizeOf(store), limit);
    }
    for (let i = 4; i < 8; i++) own.push(await build(store, `own ${i}`));
    await store.collected();
    for (const { id } of own) assert.isDefined(await store.layers.find(id));
    assert.lengthOf(store.layers.list(), own.length);
  });

  /** How often the store is looked through while a hundred layers come, on a disk that others fill. */
  async function looksWhileFull(limits: Pick<SpaceLimits, "reserved">): Promise<number> {
    await using directory = await TemporaryDirectory.make();
    const full = { ...limits, maxUsed: 1e9, minFree: Number.MAX_SAFE_INTEGER };
    await using store = await openTestStore(directory.path, Date.now, collecting(full));
    let looks = 0;
    const list = store.blobs.list.bind(store.blobs);
    store.blobs.list = () => {
      looks++;
      return list();
    };
    for (let i = 0; i < 100; i++) {
      await build(store, `layer ${i}`);
      await store.collected();
    }
    return looks;
  }

  it("K28 looks through the store now and then, not at each layer, where others fill the disk", async () => {
    const looks = await looksWhileFull({});
    assert.isAtLeast(looks, 1);
    assert.isBelow(looks, 70, "each five hundredths more");
  });

  it("K28 does not look through a store that has no more than stays in any case", async () => {
    assert.strictEqual(await looksWhileFull({ reserved: 1e8 }), 0);
    assert.isAtLeast(await looksWhileFull({ reserved: 1e6 }), 1);
  });

  it("does nothing without a limit, or below it", async () => {
    for (const limits of [undefined, { maxUsed: 1e9, minFree: 0 }]) {
      await using directory = await TemporaryDirectory.make();
      {
        await using store = await openTestStore(directory.path, Date.now, collecting(limits));
        await build(store, "kept");
      }
      await using store = await openTestStore(directory.path);
      assert.lengthOf(store.layers.list(), 1);
    }
  });

  it("tells what went wrong, and lets the build go on", async () => {
    await using directory = await TemporaryDirectory.make();
    const warnings: unknown[] = [];
    const broken = new Error("no limits today");
    {
      await using store = await openTestStore(directory.path, Date.now, {
        limits: () => {
          throw broken;
        },
        warn: (error) => warnings.push(error),
      });
      await build(store, "kept");
    }
    assert.deepStrictEqual(warnings, [broken]);
  });
});
