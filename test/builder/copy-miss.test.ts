import { assert } from "chai";
import { setImmediate } from "node:timers/promises";
import { Board } from "../../src/builder/board.js";
import { CopyMiss } from "../../src/builder/copy-miss.js";
import { emptyState } from "../../src/builder/state.js";
import { copyKey } from "../../src/cache/copy-key.js";
import type { StepLayer } from "../../src/cache/remote-cache.js";
import { StepRecords } from "../../src/cache/records.js";
import { toBytePath, type BytePath } from "../../src/oci/changeset.js";
import { digestOf } from "../../src/oci/digest.js";
import { TreeHasher } from "../../src/snapshotter/tree-digest.js";
import { TestBuilds } from "./support/test-builds.js";
import { copyStep } from "./copying.js";

/** A layer that is elsewhere. */
const neverHere: StepLayer = {
  diffId: digestOf(Buffer.from("layer")),
  tree: new TreeHasher().digest(),
  createdAt: 0,
  fetch: () => Promise.reject(new Error("nobody needs it")),
  fetched: () => undefined,
};

describe("CopyMiss", () => {
  it("leaves it to record() to fail where what was selected cannot be told again", async () => {
    await using builds = await TestBuilds.open();
    const step = copyStep("/srv/");
    const { key } = emptyState;
    const failing = {
      length: 1,
      [Symbol.iterator]: (): never => {
        throw new Error("it is gone");
      },
    };
    const name = toBytePath("a");
    const selected = [{ name, path: name, entries: failing, implied: new Set<BytePath>() }];
    const origin = {
      key,
      state: undefined,
      ignore: undefined,
      select: () => Promise.resolve(selected),
    };
    const short = copyKey(step, { origin: key, parent: key });
    const board = new Board(() => undefined);
    const place = { stage: "s", platform: "linux/amd64", index: 0 };
    const task = { step, place, fresh: "--no-cache", parent: emptyState, vertex: 1 } as const;
    const cache = new StepRecords(builds.store);
    const engine = { board, cache, scope: "Dockerfile", now: () => 0 };
    const miss = new CopyMiss({ origin, short, selected }, task, engine);
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", note);
    assert.strictEqual((await miss.explain(new TreeHasher().digest())).kind, "no-cache");
    await setImmediate();
    const failure = await miss.record(neverHere).catch(String);
    assert.strictEqual(failure, "Error: it is gone");
    process.off("unhandledRejection", note);
    assert.deepStrictEqual(unhandled, []);
  });
});
