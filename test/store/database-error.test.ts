import { assert } from "chai";
import { BuildError } from "../../src/error.js";
import { cannotOpen, cannotWrite } from "../../src/store/database-error.js";

/** An error as lmdb throws it: numbers of the system, or negative ones of its own. */
function lmdbError(code: number): Error {
  return Object.assign(new Error("what lmdb says"), { code });
}

function told(error: unknown): readonly (string | undefined)[] {
  assert.instanceOf(error, BuildError);
  return [error.code, error.message, error.hint];
}

describe("errors of the database", () => {
  it("cannotOpen() calls it damaged only when LMDB could not read what is in it", () => {
    const remove = "remove the store's directory to start with an empty one";
    const cases = [
      [-30796, "STORE", 'Cannot open the database "/db": it is damaged', remove],
      [13, "STORE", 'Cannot open the database "/db": what lmdb says', undefined],
    ] as const;
    for (const [code, ...expected] of cases) {
      assert.deepStrictEqual(told(cannotOpen("/db", lmdbError(code))), expected);
    }
    const [code, message] = told(cannotOpen("/db", lmdbError(28)));
    assert.strictEqual(code, "NO_SPACE");
    assert.strictEqual(message, 'Cannot open the database "/db": no space left');
  });

  it("cannotWrite() tells a full disk and a quota from a failing one, and lets the rest pass", () => {
    for (const code of [28, 122]) {
      assert.strictEqual(told(cannotWrite(lmdbError(code)))[0], "NO_SPACE");
    }
    assert.deepStrictEqual(told(cannotWrite(lmdbError(5))), [
      "STORE",
      "Cannot write to the store: input/output error",
      "the disk is full or failing",
    ]);
    const ours = new Error("of the action");
    assert.strictEqual(cannotWrite(ours), ours);
  });
});
