import { assert } from "chai";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { INDEX_NAME, tarFiles } from "../../../src/snapshotter/erofs/layer-place.js";

/**
 * Adds a test of what `make` answers, the directory of a layer, where erofs-utils are installed. Those
 * before 1.7 (Debian 12 has 1.5) know no blocks of 512 bytes. TSBUILD_TEST_FSCK_EROFS names another fsck.erofs.
 */
export function checkWithFsck(make: () => Promise<string>): void {
  const checker = process.env["TSBUILD_TEST_FSCK_EROFS"]?.split(" ") ?? ["fsck.erofs"];
  const [command = "", ...options] = checker;
  const { stdout } = spawnSync(command, [...options, "-V"], { encoding: "utf8" });
  const [, major = 0, minor = 0] = /([0-9]+)\.([0-9]+)/.exec(stdout) ?? [];
  if (Number(major) * 100 + Number(minor) < 107) return;

  it("satisfies fsck.erofs", async () => {
    const layer = await make();
    const devices = tarFiles(layer).map((tar) => `--device=${tar}`);
    const files = [...devices, join(layer, INDEX_NAME)];
    const check = spawnSync(command, [...options, "--extract", ...files], { encoding: "utf8" });
    assert.strictEqual(check.status, 0, check.stdout + check.stderr);
  });
}
