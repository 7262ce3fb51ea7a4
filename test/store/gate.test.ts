import { assert } from "chai";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { Gate } from "../../src/store/gate.js";
import { tryByteLock } from "../../src/sys/file-locks.js";
import { TemporaryDirectory } from "./fixture.js";

/** Whether another process could open, and whether it could write. */
function others(path: string): string {
  const file = openSync(path, "r+");
  try {
    const able = (["shared", "exclusive"] as const).filter((kind) => tryByteLock(file, 0n, kind));
    return able.join(" ");
  } finally {
    closeSync(file);
  }
}

describe("Gate", () => {
  it("lets several open at once, one write, and nobody do both", async () => {
    await using directory = await TemporaryDirectory.make();
    const path = join(directory.path, "gate");
    const gate = new Gate(path);
    assert.strictEqual(
      gate.opening(() => others(path)),
      "shared",
    );
    assert.strictEqual(
      gate.alone(() => others(path)),
      "",
    );
    assert.strictEqual(others(path), "shared exclusive", "it is free again");
    gate.close();
  });

  it("stays closed until the outermost write is over, well or not", async () => {
    await using directory = await TemporaryDirectory.make();
    const path = join(directory.path, "gate");
    const gate = new Gate(path);
    gate.alone(() => {
      gate.alone(() => undefined);
      assert.strictEqual(others(path), "");
    });
    assert.throws(() => {
      gate.alone(() => {
        throw new Error("no");
      });
    }, "no");
    assert.strictEqual(others(path), "shared exclusive");
    gate.close();
  });
});
