import { assert } from "chai";
import { BuildError, type BuildErrorCode } from "../../src/error.js";

/** The BuildError that `action` ends with; fails when it ends well or otherwise. */
export async function failureOf(
  action: Promise<unknown> | (() => unknown),
  code: BuildErrorCode,
): Promise<BuildError> {
  try {
    await (typeof action === "function" ? action() : action);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    assert.strictEqual(error.code, code, error.message);
    return error;
  }
  throw new Error(`should have failed with ${code}`);
}
