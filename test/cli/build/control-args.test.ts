import { assert } from "chai";
import { checkControlArgs } from "../../../src/cli/build/control-args.js";
import { BuildError } from "../../../src/error.js";

function check(name: string, value: string): void {
  checkControlArgs(new Map([[name, value]]));
}

describe("S17: control arguments", () => {
  const fine = [
    ["BUILDKIT_MULTI_PLATFORM", "false"],
    ["BUILDKIT_MULTI_PLATFORM", "1"],
    ["BUILDKIT_INLINE_CACHE", "1"],
    ["BUILDKIT_BUILD_NAME", "nightly"],
  ] as const;
  for (const [name, value] of fine) {
    it(`take ${name}=${value}`, () => {
      check(name, value);
    });
  }

  const refused = [
    ["BUILDKIT_INLINE_CACHE", "yes", "want true or false"],
    ["BUILDKIT_MULTI_PLATFORM", "banana", "want true or false"],
  ] as const;
  for (const [name, value, why] of refused) {
    it(`refuse ${name}=${value}`, () => {
      assert.throws(
        () => {
          check(name, value);
        },
        BuildError,
        why,
      );
    });
  }
});
