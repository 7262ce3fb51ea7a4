import { assert } from "chai";
import { statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Locks } from "../../src/store/locks.js";
import { failure, TemporaryDirectory } from "./fixture.js";

describe("Locks", () => {
  it("lock() lets one task in at a time", async () => {
    await using directory = await TemporaryDirectory.make();
    const locks = locksIn(directory);
    let inside = 0;
    let most = 0;
    const task = async () => {
      await using _lock = await locks.lock("a");
      most = Math.max(most, ++inside);
      await sleep(1);
      inside--;
    };
    await Promise.all(Array.from({ length: 20 }, task));
    assert.strictEqual(most, 1);
  });

  it("lock() says which file cannot be opened, and why", async () => {
    const locks = new Locks("/proc/none");
    const error = await failure(locks.lock("a"));
    assert.match(
      error.message,
      /^Cannot lock the store with "\/proc\/none": no such file or directory$/,
    );
  });

  it("lock() of one name does not wait for another", async () => {
    await using directory = await TemporaryDirectory.make();
    const locks = locksIn(directory);
    await using _a = await locks.lock("a");
    await using b = await locks.lock("b");
    assert.isDefined(b);
  });

  it("share() lets many in, and keeps lock() out", async () => {
    await using directory = await TemporaryDirectory.make();
    const locks = locksIn(directory);
    await using first = await locks.share("a");
    {
      await using _second = await locks.share("a");
      assert.isUndefined(locks.tryLock("a"));
    }
    await first[Symbol.asyncDispose]();
    await using alone = locks.tryLock("a");
    assert.isDefined(alone);
  });

  it("lock() stops waiting with the reason of its signal", async () => {
    await using directory = await TemporaryDirectory.make();
    const locks = locksIn(directory);
    await using _held = await locks.lock("a");
    const stop = new AbortController();
    const waiting = locks.lock("a", stop.signal);
    const reason = new Error("enough");
    stop.abort(reason);
    const got: unknown = await waiting.catch((error: unknown) => error);
    assert.strictEqual(got, reason);
  });

  it("releasing twice releases once", async () => {
    await using directory = await TemporaryDirectory.make();
    const locks = locksIn(directory);
    const first = await locks.lock("a");
    await first[Symbol.asyncDispose]();
    await using _second = await locks.lock("a");
    await first[Symbol.asyncDispose]();
    assert.isUndefined(locks.tryLock("a"), "the second holder still holds");
  });

  it("holds nothing for who has only tried", async () => {
    await using directory = await TemporaryDirectory.make();
    const locks = locksIn(directory);
    const held = await locks.lock("a");
    assert.isUndefined(locks.tryLock("a"));
    await held[Symbol.asyncDispose]();
    await using again = locks.tryLock("a");
    assert.isDefined(again);
  });

  it("writes nothing", async () => {
    await using directory = await TemporaryDirectory.make();
    await using _held = await locksIn(directory).lock("a");
    assert.strictEqual(statSync(join(directory.path, "names")).size, 0);
  });
});

function locksIn({ path }: TemporaryDirectory): Locks {
  return new Locks(join(path, "names"));
}
