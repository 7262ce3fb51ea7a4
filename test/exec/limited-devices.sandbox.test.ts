import { assert } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BuildError } from "../../src/error.js";
import { requireLimitedDevices } from "../../src/exec/limited-devices.js";
import { inUserNamespace } from "../contracts/snapshotter.js";

describe("requireLimitedDevices()", () => {
  it("throws where root could open disks, which a user namespace prevents", () => {
    const scratch = mkdtempSync(join(tmpdir(), "tsbuild-devices-"));
    try {
      const require = (): void => {
        requireLimitedDevices(scratch);
      };
      if (inUserNamespace()) require();
      else assert.throws(require, BuildError, /could open this machine's disks/);
    } finally {
      rmSync(scratch, { recursive: true });
    }
  });
});
