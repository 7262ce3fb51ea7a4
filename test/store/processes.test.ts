import { assert } from "chai";
import { build } from "esbuild";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { StepRecords, type CacheRecord } from "../../src/cache/records.js";
import { Database } from "../../src/store/database.js";
import { prune } from "../../src/store/garbage.js";
import type { Store } from "../../src/store/store.js";
import { addedUp, collect, openTestStore, TemporaryDirectory } from "./fixture.js";

/** The child as one plain script: through a loader, starting it would take five times as long. */
async function bundle(directory: string): Promise<string> {
  const script = join(directory, "child.mjs");
  symlinkSync(resolve("node_modules"), join(directory, "node_modules"));
  const entry = fileURLToPath(new URL("child.ts", import.meta.url));
  const options = { bundle: true, packages: "external", format: "esm", platform: "node" } as const;
  await build({ ...options, entryPoints: [entry], outfile: script, target: "node20" });
  return script;
}

class Child {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(script: string, mode: string, directory: string) {
    const child = spawn(process.execPath, [script, mode, directory], {
      env: { ...process.env, NODE_OPTIONS: "" }, // mocha's own loader
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#process = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }
  async line(): Promise<string> {
    const { value } = (await this.#lines.next()) as { value: string | undefined };
    return value ?? assert.fail("the child ended without a word");
  }
  get runs(): boolean {
    return this.#process.exitCode === null;
  }
  async kill(): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
  }
}

/** What must hold of a store at any time, whoever was killed. */
async function assertWhole(store: Store): Promise<void> {
  for (const record of store.layers.list()) {
    assert.isTrue(await store.snapshotter.has(record.id), record.id);
    await collect(store.layerBytes.tar(record)); // verifies
  }
  for (const digest of await store.blobs.list()) await store.blobs.readWhole(digest); // verifies
  for (const { record } of store.images.list()) {
    const config = await store.images.config(record);
    assert.isDefined(await store.layers.findChain(config.rootfs.diff_ids));
  }
  assert.strictEqual(store.tally.total(), addedUp(store));
  const steps = new StepRecords(store);
  for (const [key, record] of store.database.table<CacheRecord>("steps").entries()) {
    assert.deepStrictEqual(await steps.get(record.key), record);
    assert.deepStrictEqual(steps.nearest([key]), record);
  }
}

describe("several processes", () => {
  let scripts: TemporaryDirectory;
  let script: string;
  before(async () => {
    scripts = await TemporaryDirectory.make();
    script = await bundle(scripts.path);
  });
  after(() => scripts[Symbol.asyncDispose]());

  it("adopting the same trees at once end with one layer each", async () => {
    await using directory = await TemporaryDirectory.make();
    const children = [1, 2, 3].map(() => new Child(script, "race", directory.path));
    const outcomes = await Promise.all(
      children.map(async (child) => {
        assert.strictEqual(await child.line(), "ready");
        return child.line();
      }),
    );
    assert.strictEqual(new Set(outcomes).size, 1, "all got the same layers");
    await using store = await openTestStore(directory.path);
    assert.lengthOf(store.layers.list(), 20);
    assert.lengthOf(await store.snapshotter.list(), 20, "no draft was left");
    assert.lengthOf(await store.blobs.list(), 20);
    assert.lengthOf(readdirSync(store.paths.work), 1);
    await assertWhole(store);
  });

  it("holding a lock keep each other out", async () => {
    await using directory = await TemporaryDirectory.make();
    const path = join(directory.path, "count");
    writeFileSync(path, "0");
    const children = [1, 2, 3].map(() => new Child(script, "count", directory.path));
    for (const child of children) {
      assert.strictEqual(await child.line(), "ready");
      assert.strictEqual(await child.line(), "counted");
    }
    assert.strictEqual(readFileSync(path, "latin1"), "300");
  });

  it("opening a database that none has made yet, and closing it, lose nothing to each other", async () => {
    await using directory = await TemporaryDirectory.make();
    const children = [1, 2].map(() => new Child(script, "reopen", directory.path));
    const keys: string[] = [];
    for (const child of children) {
      assert.strictEqual(await child.line(), "ready");
      keys.push(...(await child.line()).split(" "));
    }
    await using database = await Database.open(directory.path);
    const found = database.table<number>("keys").entries();
    assert.deepStrictEqual(found.map(([key]) => key).sort(), keys.sort());
  });

  it("killed at any moment leave a whole store", async () => {
    await using directory = await TemporaryDirectory.make();
    for (let round = 0; round < 20; round++) {
      const children = [
        new Child(script, "churn", directory.path),
        new Child(script, "churn", directory.path),
      ];
      for (const child of children) {
        assert.strictEqual(await child.line(), "ready");
        if (round === 0) assert.strictEqual(await child.line(), "named");
      }
      for (const child of children) {
        await sleep(Math.random() * 60);
        await child.kill();
      }
    }
    await using store = await openTestStore(directory.path);
    assert.isAtLeast(store.layers.list().length, 6, "what the first two had finished");
    assert.lengthOf(readdirSync(store.paths.work), 1, "what they had not finished is gone");
    await assertWhole(store);

    await prune(store);
    assert.isAbove(await new StepRecords(store).removeStale(), 0);
    await assertWhole(store);
    assert.lengthOf(
      await store.snapshotter.list(),
      store.layers.list().length,
      "no orphan is left",
    );
    assert.isAtLeast(store.images.list().length, 3);
  });

  it("K29 lose nothing to others that prune, and leave a whole store when killed", async () => {
    await using directory = await TemporaryDirectory.make();
    let removed = 0;
    for (let round = 0; round < 2; round++) {
      await using store = await openTestStore(directory.path);
      const children = [
        new Child(script, "churn", directory.path),
        new Child(script, "churn", directory.path),
      ];
      for (const child of children) {
        assert.strictEqual(await child.line(), "ready");
        assert.strictEqual(await child.line(), "named");
      }
      for (let turn = 0; turn < 4; turn++) {
        removed += (await prune(store, { all: turn % 2 === 0 })).length;
        await sleep(Math.random() * 20);
      }
      for (const child of children) {
        assert.isTrue(child.runs, "it found all that it had made");
        await child.kill();
        removed += (await prune(store, { all: true })).length;
      }
    }
    assert.isAbove(removed, 0, "something was removed");
    await using store = await openTestStore(directory.path);
    await new StepRecords(store).removeStale();
    await assertWhole(store);
  });

  it("a killed one gives its locks back", async () => {
    await using directory = await TemporaryDirectory.make();
    const child = new Child(script, "churn", directory.path);
    assert.strictEqual(await child.line(), "ready");
    await using store = await openTestStore(directory.path);
    await child.kill();
    assert.isTrue(await store.lease.tryAlone(() => Promise.resolve()), "nobody is left");
  });
});
