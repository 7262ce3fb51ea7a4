import { assert } from "chai";
import { Jobs } from "../../src/store/jobs.js";

const never = new AbortController().signal;

/** Lets everything go on that can. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

describe("Jobs", () => {
  it("lets the rest wait, and go on in order", async () => {
    const jobs = new Jobs(2);
    const order: string[] = [];
    const take = async (name: string): Promise<Disposable> => {
      const place = await jobs.take(never);
      order.push(name);
      return place;
    };
    const [a, b] = await Promise.all([take("a"), take("b")]);
    const waiting = [take("c"), take("d")];
    await settle();
    assert.deepStrictEqual(order, ["a", "b"]);
    b[Symbol.dispose]();
    await settle();
    assert.deepStrictEqual(order, ["a", "b", "c"]);
    a[Symbol.dispose]();
    await Promise.all(waiting);
    assert.deepStrictEqual(order, ["a", "b", "c", "d"]);
  });

  it("gives a place back once, however often it is disposed", async () => {
    const jobs = new Jobs(1);
    const first = await jobs.take(never);
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    await jobs.take(never);
    let entered = false;
    void jobs.take(never).then(() => (entered = true));
    await settle();
    assert.isFalse(entered);
  });

  it("lets nobody in who was aborted while waiting, and nobody wait for them", async () => {
    const jobs = new Jobs(1);
    const place = await jobs.take(never);
    const [quitter, reason] = [new AbortController(), new Error("enough")];
    const quitting = jobs.take(quitter.signal);
    const staying = jobs.take(never);
    quitter.abort(reason);
    assert.strictEqual(await quitting.then(undefined, (error: unknown) => error), reason);
    place[Symbol.dispose]();
    await staying;
  });

  it("keeps a place that was given before the abort", async () => {
    const jobs = new Jobs(1);
    const quitter = new AbortController();
    const place = await jobs.take(quitter.signal);
    quitter.abort();
    let entered = false;
    const next = jobs.take(never).then(() => (entered = true));
    await settle();
    assert.isFalse(entered);
    place[Symbol.dispose]();
    await next;
  });

  it("refuses who was aborted before, without taking a place", async () => {
    const jobs = new Jobs(1);
    const reason = new Error("too late");
    const error: unknown = await jobs
      .take(AbortSignal.abort(reason))
      .catch((cause: unknown) => cause);
    assert.strictEqual(error, reason);
    await jobs.take(never);
  });
});
