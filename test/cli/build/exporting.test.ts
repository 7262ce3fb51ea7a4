import { assert } from "chai";
import { statSync } from "node:fs";
import { join } from "node:path";
import { directory } from "../../../src/cli/build/exporting.js";
import { directoryWith, temporaryDirectory } from "../../context/temporary.js";
import { failureOf } from "../../oci/build-errors.js";
import { FakeIo } from "../fake-io.js";

describe("directory()", () => {
  const temporary = temporaryDirectory();

  it("O01 makes what is missing on the way", async () => {
    const cwd = directoryWith(temporary, {});
    const path = await directory("a/b", { io: new FakeIo({ cwd }) });
    assert.strictEqual(path, join(cwd, "a/b"));
    assert.isTrue(statSync(path).isDirectory());
  });

  it("O01 refuses a file", async () => {
    const cwd = directoryWith(temporary, { file: "" });
    const error = await failureOf(directory("file", { io: new FakeIo({ cwd }) }), "OUTPUT");
    assert.strictEqual(error.message, 'Cannot write into "file": it is not a directory');
  });
});
