import { assert } from "chai";
import { FakeClock } from "./fake-clock.js";
import { RegistryError } from "../../../src/registry/registry-error.js";
import { defaultDelays, parseRetryAfter, retried } from "../../../src/registry/http/retry.js";

const busy = (retryAfter?: number) =>
  new RegistryError("REGISTRY", "Cannot pull: busy", { status: 503, retryAfter });

/** An action that fails with each of `errors` in turn, then ends well. */
function failing(...errors: readonly Error[]) {
  let calls = 0;
  const action = () => {
    const error = errors[calls++];
    return error === undefined ? Promise.resolve("done") : Promise.reject(error);
  };
  return { action, calls: () => calls };
}

async function caught(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => assert.fail("should have failed"),
    (error: unknown) => error,
  );
}

describe("retried()", () => {
  it("tries again after what passes", async () => {
    const reset = Object.assign(new Error("x"), { code: "ECONNRESET" });
    const broken = new RegistryError("REGISTRY", "Cannot reach", { cause: reset });
    const { action, calls } = failing(busy(), broken, reset);
    assert.strictEqual(await retried(action, { delays: [0, 0, 0] }), "done");
    assert.strictEqual(calls(), 4);
  });

  it("gives up with the last failure when the delays are used up", async () => {
    const last = busy();
    const { action, calls } = failing(busy(), last);
    assert.strictEqual(await caught(retried(action, { delays: [0] })), last);
    assert.strictEqual(calls(), 2);
  });

  const refused = Object.assign(new Error("x"), { code: "ECONNREFUSED" });
  const final: readonly Error[] = [
    new RegistryError("AUTH", "Cannot pull: denied", { status: 403 }),
    new RegistryError("REGISTRY", "Cannot reach", { cause: refused }),
    new TypeError("a bug"),
    busy(3_600_000),
  ];
  for (const error of final) {
    it(`does not try again after ${error.name} ${error.message}`, async () => {
      const { action, calls } = failing(error);
      assert.strictEqual(await caught(retried(action, { delays: [0] })), error);
      assert.strictEqual(calls(), 1);
    });
  }

  it("waits as long as the registry asks, not as long as the delay", async () => {
    const clock = new FakeClock();
    const { action } = failing(busy(), busy(7000), busy(), busy(0));
    assert.strictEqual(await retried(action, { delays: defaultDelays, clock }), "done");
    assert.deepEqual(clock.slept, [1000, 7000, 4000, 0]);
  });

  it("stops waiting when it is aborted", async () => {
    const abort = new AbortController();
    const { action } = failing(busy());
    const result = caught(retried(action, { delays: [3_600_000] }, abort.signal));
    abort.abort();
    const error = await result;
    assert.isTrue(error instanceof Error && error.name === "AbortError");
  });
});

describe("parseRetryAfter()", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  const cases: readonly (readonly [string | undefined, number | undefined])[] = [
    [undefined, undefined],
    ["3", 3000],
    ["Thu, 01 Jan 2026 00:00:10 GMT", 10_000],
    ["Thu, 01 Jan 2015 00:00:10 GMT", 0],
    ["soon", undefined],
  ];
  for (const [value, want] of cases) {
    it(`reads ${String(value)} as ${String(want)} ms`, () => {
      assert.strictEqual(parseRetryAfter(value, now), want);
    });
  }
});
