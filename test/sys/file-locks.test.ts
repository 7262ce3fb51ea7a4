import { assert } from "chai";
import { closeSync, constants, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLocked } from "../../src/sys/file-locks.js";

describe("openLocked()", () => {
  const directory = mkdtempSync(join(tmpdir(), "tsbuild-test-"));
  const open = (kind: "exclusive" | "shared") =>
    openLocked(join(directory, "lock"), constants.O_CREAT | constants.O_RDWR, kind);

  after(() => {
    rmSync(directory, { recursive: true });
  });

  it("lets several share a file, and none of them have it alone", () => {
    const held = [open("shared"), open("shared")].filter((fd) => fd !== undefined);
    assert.lengthOf(held, 2);
    assert.isUndefined(open("exclusive"));
    for (const fd of held) closeSync(fd);
  });

  it("leaves no file open when another holder is in the way", () => {
    const held = open("exclusive");
    const before = readdirSync("/proc/self/fd").length;
    assert.isUndefined(open("shared"));
    assert.lengthOf(readdirSync("/proc/self/fd"), before);
    if (held !== undefined) closeSync(held);
  });
});
