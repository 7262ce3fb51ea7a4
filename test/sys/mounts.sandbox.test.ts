import { assert } from "chai";
import { mkdtempSync, rmdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mountAside, unmount } from "../../src/sys/mounts.js";

describe("mountAside()", () => {
  let target: string;

  beforeEach(() => {
    target = mkdtempSync(join(tmpdir(), "tsbuild-mounts-"));
  });

  afterEach(() => {
    rmdirSync(target);
  });

  it("mounts", async () => {
    const before = statSync(target).dev;
    await mountAside({ source: "none", target, type: "tmpfs", options: "mode=750" });
    const { dev, mode } = statSync(target);
    unmount(target);
    assert.notStrictEqual(dev, before);
    assert.strictEqual(mode & 0o777, 0o750);
  });

  it("says why it cannot", async () => {
    const mounting = mountAside({ source: "none", target, type: "no-such-type" });
    const error: unknown = await mounting.catch((reason: unknown) => reason);
    assert.propertyVal(error, "code", "ENODEV");
    assert.propertyVal(error, "path", target);
  });
});
