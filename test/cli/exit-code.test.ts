import { assert } from "chai";
import { exitCodeOf } from "../../src/cli/exit-code.js";
import { BuildError } from "../../src/error.js";

const full = Object.assign(new Error("ENOSPC"), { code: "ENOSPC", errno: -28, syscall: "write" });
const aborted = new DOMException("This operation was aborted", "AbortError");

/** What `await using` throws when the block failed, and then disposing did. */
function suppressed(first: unknown, second: unknown): Error {
  return Object.assign(new Error("suppressed"), {
    name: "SuppressedError",
    error: second,
    suppressed: first,
  });
}

describe("exitCodeOf()", () => {
  const cases: readonly (readonly [string, unknown, number, number])[] = [
    ["a failure", new BuildError("RUN_FAILED", "Cannot"), 1, 125],
    ["wrong usage", new BuildError("USAGE", "Cannot"), 2, 125],
    ["an interruption", new BuildError("CANCELLED", "Cannot"), 130, 130],
    ["an interruption within node", aborted, 130, 130],
    ["the operating system", full, 1, 125],
    ["a bug", new TypeError("x is undefined"), 70, 70],
    ["something that is no error", "oops", 70, 70],
    ["a failure whose disposing failed", suppressed(full, new TypeError("x")), 1, 125],
    ["a bug whose disposing failed", suppressed(new TypeError("x"), full), 70, 70],
  ];
  for (const [name, error, build, run] of cases) {
    it(`answers ${build} for ${name}, and ${run} where it keeps a container from starting`, () => {
      assert.strictEqual(exitCodeOf(error), build);
      assert.strictEqual(exitCodeOf(error, "build"), build);
      assert.strictEqual(exitCodeOf(error, "run"), run);
    });
  }
});
