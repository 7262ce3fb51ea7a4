import { assert } from "chai";
import type { ImageConfig } from "../../src/oci/image.js";
import { readLayerTar } from "../../src/oci/layer-tar.js";
import { clampConfig, clampLayer } from "../../src/output/clamp-times.js";
import type { LayerRecord } from "../../src/store/layers.js";
import type { Store } from "../../src/store/store.js";
import { oneFile, temporaryStore } from "../store/fixture.js";

const limit = { epoch: 100, exact: false };
const signal = new AbortController().signal;

async function layer(store: Store, mtime: number): Promise<LayerRecord> {
  await using draft = await store.snapshotter.ingest(oneFile("text", { mtime }));
  return await store.layers.adopt(draft, { origin: "built" });
}

async function mtimesOf(store: Store, record: LayerRecord): Promise<readonly number[]> {
  const times: number[] = [];
  for await (const entry of readLayerTar(store.layerBytes.tar(record))) {
    if ("mtime" in entry) times.push(entry.mtime);
  }
  return times;
}

describe("clampLayer()", () => {
  it("T03 lowers what is newer, in a layer of its own that stays the same", async () => {
    await using store = await temporaryStore();
    const record = await layer(store, 200);
    const clamped = await clampLayer(store, record, limit, signal);
    assert.notStrictEqual(clamped.diffId, record.diffId);
    assert.strictEqual(clamped.tree, record.tree);
    assert.deepStrictEqual(await mtimesOf(store, clamped), [100]);
    assert.deepStrictEqual(await mtimesOf(store, record), [200], "the layer itself");
    assert.deepStrictEqual(await clampLayer(store, record, limit, signal), clamped);
    assert.lengthOf(store.layers.list(), 2);
  });

  it("T03 leaves what is older, and with it the layer", async () => {
    await using store = await temporaryStore();
    const record = await layer(store, 50);
    assert.deepStrictEqual(await clampLayer(store, record, limit, signal), record);
    assert.lengthOf(store.layers.list(), 1);
  });

  it("T04 sets older times too where the limit is exact: two ages of a file give one layer", async () => {
    await using store = await temporaryStore();
    const exact = { epoch: 100, exact: true };
    const older = await clampLayer(store, await layer(store, 50), exact, signal);
    assert.deepStrictEqual(await mtimesOf(store, older), [100]);
    const newer = await clampLayer(store, await layer(store, 200), exact, signal);
    assert.strictEqual(newer.diffId, older.diffId);
  });

  it("makes a clamped layer again that was removed", async () => {
    await using store = await temporaryStore();
    const record = await layer(store, 200);
    const first = await clampLayer(store, record, limit, signal);
    await store.layers.remove(first);
    const second = await clampLayer(store, record, limit, signal);
    assert.strictEqual(second.diffId, first.diffId);
    assert.deepStrictEqual(await mtimesOf(store, second), [100]);
  });
});

describe("clampConfig()", () => {
  it("T01 H04 lowers the times of the image's own history, not those of its base", () => {
    const time = (seconds: number): string => new Date(seconds * 1000).toISOString();
    const config: ImageConfig = {
      os: "linux",
      architecture: "amd64",
      created: time(300),
      rootfs: { type: "layers", diff_ids: [] },
      history: [{ created: time(250) }, { created: time(50) }, { created: time(300) }, {}],
    };
    assert.deepStrictEqual(clampConfig(config, limit, 1), {
      ...config,
      created: time(100),
      history: [{ created: time(250) }, { created: time(50) }, { created: time(100) }, {}],
    });
    const exact = clampConfig(config, { epoch: 100, exact: true }, 1);
    assert.deepStrictEqual(exact.history?.[1], { created: time(100) });
    assert.deepStrictEqual(exact.history?.[0], { created: time(250) }, "the base's");
  });
});
