import { assert } from "chai";
import { isUserNamespace } from "../../src/cli/namespace.js";

describe("isUserNamespace()", () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ["the first namespace", "         0          0 4294967295\n", false],
    ["a user's", "         0       1001          1\n         1     100000      65535\n", true],
    ["a container's", "         0     100000      65536\n", true],
    ["one without a map", "", true],
  ];
  for (const [name, map, want] of cases) {
    it(`is ${want ? "true" : "false"} for ${name}`, () => {
      assert.strictEqual(isUserNamespace(map), want);
    });
  }
});
