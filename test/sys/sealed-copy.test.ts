import { assert } from "chai";
import { closeSync, readFileSync, writeSync } from "node:fs";
import { sealedCopy } from "../../src/sys/sealed-copy.js";

describe("sealedCopy()", () => {
  it("is the same bytes, which nobody can change", () => {
    const fd = sealedCopy("/bin/sh");
    if (fd === undefined) throw new Error("this kernel seals no file");
    try {
      assert.isTrue(readFileSync(`/proc/self/fd/${fd}`).equals(readFileSync("/bin/sh")));
      assert.throws(() => writeSync(fd, "x", 0), "EPERM");
    } finally {
      closeSync(fd);
    }
  });
});
