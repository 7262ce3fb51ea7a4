import { assert } from "chai";
import { asOneself, isUserNamespace } from "../../src/cli/namespace.js";

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

describe("asOneself()", () => {
  const mapped = "         0       1001          1\n         1     100000      65535\n";
  const group = "         0        100          1\n         1     100000      65535\n";

  it("goes back to the user's own ids", () => {
    const want = ["unshare", "--user", "--map-user=1001", "--map-group=100"];
    assert.deepStrictEqual(asOneself(mapped, group), want);
  });

  const others = ["         0          0 4294967295\n", "         0     100000      65536\n"];
  for (const map of others) {
    it(`stays who it is where the map is ${map.trim()}`, () => {
      assert.deepStrictEqual(asOneself(map, map), []);
    });
  }
});
