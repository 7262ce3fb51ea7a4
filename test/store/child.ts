/**
 * A process that works on a store until it is done or killed (processes.test.ts):
 * `child.ts MODE DIRECTORY`. Says "ready" before it starts, and the outcome at the end; who churns has none,
 * and says when every name has an image.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stateKey, type CacheKey } from "../../src/cache/key.js";
import { StepRecords } from "../../src/cache/records.js";
import { digestOf } from "../../src/oci/digest.js";
import type { LayerRecord } from "../../src/store/layers.js";
import { Database } from "../../src/store/database.js";
import { asGzip } from "../../src/store/layer-bytes.js";
import type { Store } from "../../src/store/store.js";
import { collect, oneFile, openTestStore } from "./fixture.js";

async function build(store: Store, text: string): Promise<LayerRecord> {
  await using draft = await store.snapshotter.ingest(oneFile(text));
  return await store.layers.adopt(draft, { origin: "built" });
}

const NAMES = 3;

/** All that a build publishes, over and over; each turn makes something new. */
async function churn(store: Store): Promise<never> {
  const steps = new StepRecords(store);
  store.database.hurry(); // more writes before the kill
  for (let turn = 0; ; turn++) {
    const { id, tree, diffId } = await build(store, `${store.work} ${turn}`);
    const layer = store.layers.get(id);
    await store.layerBytes.compressed(layer, asGzip);
    const key = digestOf(stateKey([], [tree])) as unknown as CacheKey;
    const record = { key, layer: id, tree, components: [], identities: [key], stepTitle: "RUN x" };
    await steps.put({ ...record, createdAt: 0 });
    const config = {
      architecture: "amd64",
      os: "linux",
      rootfs: { type: "layers", diff_ids: [diffId] },
    };
    const { digest } = await store.blobs.writeWhole(Buffer.from(JSON.stringify(config)));
    await store.images.put({ id: digest, createdAt: 0 }, [`web:${turn % NAMES}`]);
    await collect(store.layerBytes.tar(layer)); // whoever prunes meanwhile
    await store.blobs.readWhole(digest);
    if (turn === NAMES - 1) process.stdout.write("named\n");
  }
}

/** Adopts trees that other processes adopt as well. */
async function race(store: Store): Promise<string> {
  const ids: string[] = [];
  for (let turn = 0; turn < 20; turn++) {
    const { id } = await build(store, `tree ${turn}`);
    await store.blobs.writeWhole(Buffer.alloc(100_000, turn));
    ids.push(id);
  }
  return ids.join(" ");
}

/** Adds to a number in a file that other processes add to as well. */
async function count(store: Store, directory: string): Promise<string> {
  const path = join(directory, "count");
  for (let turn = 0; turn < 100; turn++) {
    await using _lock = await store.locks.lock("count");
    await writeFile(path, String(Number(await readFile(path, "latin1")) + 1));
  }
  return "counted";
}

/** Opens the database again and again, as another does, and writes one more key now and then. */
async function reopen(directory: string): Promise<string> {
  const keys: string[] = [];
  for (let turn = 0; turn < 200; turn++) {
    await using database = await Database.create(directory);
    const table = database.table<number>("keys");
    if (turn % 10 !== 0) continue;
    const key = `${process.pid}-${turn}`;
    table.put(key, turn);
    keys.push(key);
  }
  return keys.join(" ");
}

const [mode, directory = ""] = process.argv.slice(2);
if (mode === "reopen") {
  process.stdout.write(`ready\n${await reopen(directory)}\n`);
  process.exit(0);
}
const store = await openTestStore(directory);
process.stdout.write("ready\n");
if (mode === "churn") await churn(store);
const outcome = mode === "race" ? await race(store) : await count(store, directory);
await store.close();
process.stdout.write(`${outcome}\n`);
