import { assert } from "chai";
import { setImmediate as turn } from "node:timers/promises";
import { Afterwork } from "../../src/builder/afterwork.js";

/** Work that is done, or fails, when the test says so. */
class Work {
  end: () => void = () => undefined;
  fail: (error: Error) => void = () => undefined;
  readonly done = new Promise<void>((resolve, reject) => {
    this.end = resolve;
    this.fail = reject;
  });
}

async function isSettled(promise: Promise<void>): Promise<boolean> {
  let settled = false;
  void promise.then(() => (settled = true));
  await turn();
  return settled;
}

describe("Afterwork", () => {
  it("lets the next step begin while less than a hundred pieces are left", async () => {
    const afterwork = new Afterwork(() => undefined);
    const works = Array.from({ length: 100 }, () => new Work());
    for (const { done } of works) {
      assert.isTrue(await isSettled(afterwork.keepUp()));
      afterwork.add(done);
    }
    const next = afterwork.keepUp();
    assert.isFalse(await isSettled(next));
    works[42]?.end();
    assert.isTrue(await isSettled(next));
    assert.isFalse(await isSettled(afterwork.rest()));
    for (const { end } of works) end();
    assert.isTrue(await isSettled(afterwork.rest()));
  });

  it("tells what failed, which then is no longer left", async () => {
    const failed: unknown[] = [];
    const afterwork = new Afterwork((error) => failed.push(error));
    const [work, reason] = [new Work(), new Error("no")];
    afterwork.add(work.done);
    work.fail(reason);
    await afterwork.rest();
    assert.deepStrictEqual(failed, [reason]);
  });
});
