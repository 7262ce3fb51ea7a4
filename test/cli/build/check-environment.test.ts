import { assert } from "chai";
import { checkEnvironment } from "../../../src/cli/build/check-environment.js";

describe("checkEnvironment()", () => {
  it("F34 names what buildx obeys and tsbuild does not", () => {
    for (const name of ["EXPERIMENTAL_BUILDKIT_SOURCE_POLICY"]) {
      const check = (value: string) => (): void => {
        checkEnvironment({ env: { [name]: value } });
      };
      assert.throws(check("full"), `Cannot use ${name} "full": not supported yet`);
      for (const off of ["", "0", "false"]) assert.doesNotThrow(check(off));
    }
  });
});
